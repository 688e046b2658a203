using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using BucketProxy.Etcd.Errors;

namespace BucketProxy.Etcd.Grpc;

/// <summary>Reads how a call ended from its headers and trailers.</summary>
internal static class GrpcStatus
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    /// <summary>The status that stands in the headers of an answer without a body ("trailers-only"), or that a foreign answer means; null: read on.</summary>
    public static (EtcdStatusCode Status, string Detail)? FromHeaders(HttpResponseMessage response)
    {
        if (Find(response.Headers) is { } status)
            return status;
        if (response.StatusCode != HttpStatusCode.OK)
            return (FromHttp(response.StatusCode), $"HTTP status {(int)response.StatusCode} without a gRPC status");
        var type = response.Content.Headers.ContentType?.MediaType;
        return type is null || type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
            ? null
            : (EtcdStatusCode.Unknown, $"the answer is of type '{type}', no gRPC");
    }

    /// <summary>The status in the trailers. To be asked only after the body was read to its end.</summary>
    public static (EtcdStatusCode Status, string Detail) FromTrailers(HttpResponseMessage response) =>
        Find(response.TrailingHeaders) ?? (EtcdStatusCode.Unknown, "the answer ended without a gRPC status");

    private static (EtcdStatusCode, string)? Find(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues(StatusHeader, out var values))
            return null;
        var text = string.Join(',', values);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return (EtcdStatusCode.Unknown, $"the gRPC status is '{text}', no number");
        var detail = headers.TryGetValues(MessageHeader, out var details) ? Decode(string.Join(',', details)) : "";
        return Enum.IsDefined((EtcdStatusCode)number)
            ? ((EtcdStatusCode)number, detail)
            : (EtcdStatusCode.Unknown, $"gRPC status {number}: {detail}");
    }

    // Only the escapes that are whole are decoded; a lone '%' stays as it is, as the protocol asks for.
    private static string Decode(string detail) => Uri.UnescapeDataString(detail);

    // https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
    private static EtcdStatusCode FromHttp(HttpStatusCode status) => (int)status switch
    {
        400 => EtcdStatusCode.Internal,
        401 => EtcdStatusCode.Unauthenticated,
        403 => EtcdStatusCode.PermissionDenied,
        404 => EtcdStatusCode.Unimplemented,
        429 or 502 or 503 or 504 => EtcdStatusCode.Unavailable,
        _ => EtcdStatusCode.Unknown,
    };
}
