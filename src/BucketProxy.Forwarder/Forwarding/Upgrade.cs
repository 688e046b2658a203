using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The upgrade that a request asks for, as far as it is taken up.</summary>
internal enum Upgrade
{
    /// <summary>None, or one that ends here (RFC 9110 section 7.8).</summary>
    None,

    /// <summary>A websocket over HTTP/1.1 (RFC 6455).</summary>
    WebSocket,

    /// <summary>A websocket over HTTP/2 (RFC 8441), which becomes one over HTTP/1.1.</summary>
    ExtendedConnect,
}

internal static class Upgrades
{
    private const string WebSocket = "websocket";

    public static Upgrade Of(HttpContext context)
    {
        var request = context.Request;
        if (HttpProtocol.IsHttp11(request.Protocol))
        {
            var upgrade = request.Headers.Upgrade;
            return upgrade.Count == 1
                && WebSocket.Equals(upgrade[0], StringComparison.OrdinalIgnoreCase)
                && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
                ? Upgrade.WebSocket
                : Upgrade.None;
        }
        return HttpMethods.IsConnect(request.Method)
            && context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect
            && WebSocket.Equals(connect.Protocol, StringComparison.OrdinalIgnoreCase)
            ? Upgrade.ExtendedConnect
            : Upgrade.None;
    }
}
