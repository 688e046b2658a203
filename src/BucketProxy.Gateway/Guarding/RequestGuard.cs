using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Gateway.Guarding;

/// <summary>
/// Refuses what two servers could read as different messages (RFC 9112 section 11.2) and the HTTP parser lets pass.
/// </summary>
internal static class RequestGuard
{
    private static readonly string[] OnlyOnce = ["Content-Length", "X-Content-Length"];

    /// <summary>What is wrong, in one sentence for the client; null when nothing is.</summary>
    public static string? Problem(HttpContext http)
    {
        var headers = http.Request.Headers;
        var encoding = headers.TransferEncoding;
        if (encoding.Count > 0)
        {
            if (encoding.Count != 1 || !"chunked".Equals(encoding[0], StringComparison.OrdinalIgnoreCase))
                return "The only Transfer-Encoding served here is 'chunked'.";
            // The parser moves a Content-Length that stands beside it out of the way, under the second name.
            foreach (var name in OnlyOnce)
            {
                if (headers.ContainsKey(name))
                    return "A request has a Content-Length or a Transfer-Encoding, not both.";
            }
            if (HttpProtocol.IsHttp10(http.Request.Protocol))
                return "HTTP/1.0 has no Transfer-Encoding.";
        }
        if (HttpMethods.IsConnect(http.Request.Method) && http.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true })
            return "CONNECT is not served here.";
        return StringValues.IsNullOrEmpty(headers.Host) && HttpProtocol.IsHttp11(http.Request.Protocol)
            ? "The Host header is empty."
            : null;
    }
}
