using System.Globalization;
using BucketProxy.Etcd.Errors;
using Grpc.Core;

namespace BucketProxy.Etcd.Transport;

/// <summary>One attempt at one endpoint, seen from below gRPC: whether the request was asked for, and what the server itself said.</summary>
/// <remarks>gRPC's status alone does not tell: the client library makes the same codes of its own accord, as "resource exhausted" for an answer that
/// is too large, behind which a write was carried out.</remarks>
internal sealed class Attempt(EtcdEndpoint endpoint, TimeSpan? timeout)
{
    private HttpResponseMessage? _response;
    private int _started;

    /// <summary>How long the server may take over it; null for a stream.</summary>
    public TimeSpan? Timeout { get; } = timeout;

    /// <summary>What is known of an attempt that is given up now. A gRPC server carries nothing out before it has a message, and the message
    /// is written when the connection asks for the request's content.</summary>
    public Execution ExecutionSoFar => Volatile.Read(ref _started) != 0 ? Execution.Maybe : Execution.Never;

    /// <summary>A byte of the message may leave from now on.</summary>
    public void Started() => Volatile.Write(ref _started, 1);

    /// <summary>The server's headers are here; its trailers will be.</summary>
    public void Answered(HttpResponseMessage response) => Volatile.Write(ref _response, response);

    /// <summary>Whether the attempt ended because it was given up on this side.</summary>
    public bool WasGivenUp(RpcException e) => e.StatusCode == StatusCode.Cancelled && !IsServersWord(e.StatusCode);

    /// <summary>What an exception of the client library means.</summary>
    public CallFailure ToFailure(RpcException e)
    {
        var status = Enum.IsDefined((EtcdStatusCode)e.StatusCode) ? (EtcdStatusCode)e.StatusCode : EtcdStatusCode.Unknown;
        if (IsServersWord(e.StatusCode))
            return CallFailure.FromStatus(endpoint, status, e.Status.Detail);
        var cause = e.Status.DebugException;
        var detail = cause is null ? e.Status.Detail : TransportErrors.Describe(cause);
        // REFUSED_STREAM is HTTP/2's word for "not looked at" (RFC 9113, section 8.7).
        var execution = cause is not null && TransportErrors.IsRefusedStream(cause) ? Execution.Never : ExecutionSoFar;
        return new CallFailure(endpoint, status, detail, execution, e);
    }

    // An HTTP status in place of a gRPC status comes from whatever stands in front of etcd: it did not look at the call.
    private bool IsServersWord(StatusCode status) =>
        Volatile.Read(ref _response) is { } response
        && (response.StatusCode != System.Net.HttpStatusCode.OK
            || Says(response.TrailingHeaders, status)
            || Says(response.Headers, status));

    private static bool Says(System.Net.Http.Headers.HttpHeaders headers, StatusCode status) =>
        headers.TryGetValues("grpc-status", out var values)
        && int.TryParse(values.First(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number == (int)status;
}
