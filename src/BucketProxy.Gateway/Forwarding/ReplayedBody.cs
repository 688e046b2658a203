using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// A small body, read before the request goes to a gate by YARP's forwarder, which may refuse it: the runtime's client sends a body of up to 1024 bytes behind its head also when the
/// answer is a refusal already. The direct forwarder needs no copy.
/// </summary>
internal sealed class ReplayedBody : MemoryStream
{
    /// <summary>A longer one waits until the gate asks for it.</summary>
    public const int Longest = 16 * 1024;

    private ReplayedBody(byte[] bytes)
        : base(bytes, writable: false)
    {
    }

    /// <summary>Makes the request's body, if it is small, one that can be sent from its beginning, now and again.</summary>
    /// <returns>Whether it is.</returns>
    /// <exception cref="BadHttpRequestException">The client did not send it.</exception>
    public static async ValueTask<bool> PrepareAsync(HttpContext http, CancellationToken cancellationToken)
    {
        if (TryRewind(http))
            return true;
        if (http.Request.ContentLength is not (> 0 and <= Longest))
            return false;
        var bytes = new byte[http.Request.ContentLength.Value];
        await http.Request.Body.ReadExactlyAsync(bytes, cancellationToken);
        http.Request.Body = new ReplayedBody(bytes);
        return true;
    }

    /// <summary>Goes back to the beginning of a body that an earlier attempt has made so.</summary>
    public static bool TryRewind(HttpContext http)
    {
        if (http.Request.Body is not ReplayedBody body)
            return false;
        body.Position = 0;
        return true;
    }
}
