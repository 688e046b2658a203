using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Targeting;

/// <summary>Whether a request asks for another protocol: an HTTP/1.1 upgrade (RFC 9110 section 7.8), or an extended CONNECT (RFC 8441).</summary>
internal static class Handshake
{
    /// <summary>Websockets are taken up, and nothing else. Null: it asks for one in a way that cannot be carried.</summary>
    public static bool? IsWebSocket(HttpContext http)
    {
        if (http.Features[typeof(IHttpUpgradeFeature)] is IHttpUpgradeFeature { IsUpgradableRequest: true })
        {
            var upgrade = http.Request.Headers.Upgrade;
            if (upgrade.Count == 1 && "websocket".Equals(upgrade[0], StringComparison.OrdinalIgnoreCase))
            {
                return HttpMethods.IsGet(http.Request.Method) && http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
                    ? true
                    : null;
            }
            // Any other upgrade is not taken up, and nobody behind us must think that it was.
            http.Request.Headers.Remove("Upgrade");
        }
        if (HttpMethods.IsConnect(http.Request.Method) && http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return connect.Protocol == "websocket" ? true : null;
        return false;
    }
}
