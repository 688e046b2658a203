using System.Security.Cryptography;
using System.Text;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// The handshake of a websocket: an HTTP/1.1 upgrade (RFC 6455), or an extended CONNECT of HTTP/2 (RFC 8441), which becomes an
/// HTTP/1.1 upgrade towards the node.
/// </summary>
internal sealed class WebSocketProxy(Traffic traffic, GatewayMetrics metrics, GatewayOptions options, TimeProvider time)
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private readonly string _retryAfter = RetryAfter.Text(options);

    /// <summary>Sends the handshake through an entry that counted it, and carries the tunnel. The entry is left exactly once.
    /// </summary>
    public async ValueTask<Sent> SendAsync(Exchange exchange, RoutingEntry entry)
    {
        var isCounted = true;
        NodeStream? node = null;
        try
        {
            // RFC 8441 section 5: HTTP/2 has no key, HTTP/1.1 wants one, and what comes back is ours to check.
            var key = HttpProtocol.IsHttp2(exchange.Http.Request.Protocol) ? Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)) : "";
            var delivery = exchange.Delivery;
            var delivered = await delivery.BeginAsync(key, CancellationToken.None);
            if (delivered != Delivered.Answered || exchange.Http.Response.StatusCode != StatusCodes.Status101SwitchingProtocols)
            {
                // The node answers the handshake like any request: its answer is the client's.
                delivered = await PlainProxy.FinishAsync(exchange, delivered);
                return delivered == Delivered.Answered ? Sent.Answered : await PlainProxy.JudgeAsync(exchange, delivered);
            }
            node = new NodeStream(delivery.HandOver());
            if (key.Length > 0 && !Accepts(exchange.Http.Response.Headers, key))
            {
                await OwnAnswer.ErrorAsync(
                    exchange, StatusCodes.Status502BadGateway, "The server's websocket handshake is wrong.", Cause.NodeFailed);
                return Sent.Answered;
            }

            var tunnel = new WebSocketTunnel(exchange.Target.BaseId, entry, traffic, options, time);
            if (!traffic.TryOpen(tunnel))
            {
                await OwnAnswer.UnavailableAsync(exchange, "The base is moving to another server.", _retryAfter, Cause.Moved);
                return Sent.Answered;
            }
            entry.Leave();
            isCounted = false;
            metrics.TunnelOpened();
            try
            {
                await CarryAsync(exchange, node, tunnel, isExtended: key.Length > 0);
            }
            finally
            {
                // S2: closed first, then silent, also where the tunnel never came to carry anything.
                await node.DisposeAsync();
                traffic.FellSilent(tunnel);
            }
            return Sent.Answered;
        }
        finally
        {
            // Closes the node's connection when it was not carried to its end: before it counts as silent.
            if (node is not null)
                await node.DisposeAsync();
            if (isCounted)
                entry.Leave();
        }
    }

    private static bool Accepts(IHeaderDictionary answer, string key)
    {
#pragma warning disable CA5350 // SHA-1 is what RFC 6455 section 4.2.2 prescribes; nothing is kept secret by it.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
#pragma warning restore CA5350
        return answer.SecWebSocketAccept == expected;
    }

    private static async Task CarryAsync(Exchange exchange, NodeStream node, WebSocketTunnel tunnel, bool isExtended)
    {
        var http = exchange.Http;
        Stream client;
        if (isExtended)
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.Headers.Remove("Sec-WebSocket-Accept");
            client = await http.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        }
        else
        {
            http.Response.Headers.Upgrade = "websocket";
            client = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }
        await tunnel.RunAsync(client, node, http.Abort);
    }
}
