using System.Security.Cryptography;
using System.Text;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Hosting.Transport;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Loops;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// The handshake of a websocket: an HTTP/1.1 upgrade (RFC 6455), or an extended CONNECT of HTTP/2 (RFC 8441), which becomes an
/// HTTP/1.1 upgrade towards the node.
/// </summary>
internal sealed class WebSocketProxy(Traffic traffic, DetachedTunnels detached, GatewayMetrics metrics, GatewayOptions options, TimeProvider time)
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private readonly string _retryAfter = RetryAfter.Text(options);

    /// <summary>Sends the handshake through an entry that counted it, and carries the tunnel. The entry is left exactly once.
    /// </summary>
    public async ValueTask<Sent> SendAsync(Exchange exchange, RoutingEntry entry)
    {
        var isCounted = true;
        TunnelStream? node = null;
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
            node = Open(delivery.HandOver());
            if (key.Length > 0 && !Accepts(exchange.Http.Response.Headers, key))
            {
                await OwnAnswer.ErrorAsync(
                    exchange, StatusCodes.Status502BadGateway, "The server's websocket handshake is wrong.", Cause.NodeFailed);
                return Sent.Answered;
            }

            var bare = key.Length == 0 ? exchange.Http.Features.Get<IDetachable>() : null;
            var head = bare is null ? [] : SwitchingHead(exchange);
            var tunnel = new WebSocketTunnel(exchange.Target.BaseId, entry, traffic, options, time);
            if (!traffic.TryOpen(tunnel))
            {
                await OwnAnswer.UnavailableAsync(exchange, "The base is moving to another server.", _retryAfter, Cause.Moved);
                return Sent.Answered;
            }
            entry.Leave();
            isCounted = false;
            metrics.TunnelOpened();
            if (bare?.Detach() is var (socket, begun))
            {
                var end = node;
                node = null;
                detached.Start(tunnel, () => CarryAsync(socket, begun, head, end, tunnel));
                // The server must not answer any more; it lets go of the connection.
                exchange.Http.Abort();
                return Sent.Answered;
            }
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

    private static async Task CarryAsync(Exchange exchange, TunnelStream node, WebSocketTunnel tunnel, bool isExtended)
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
        await tunnel.RunAsync(client, node, isBroken =>
        {
            if (isBroken)
                http.Abort();
        });
    }

    /// <summary>Carries a tunnel on the bare connection of a client, and closes both ends.</summary>
    private async Task CarryAsync(LoopSocket socket, byte[] begun, byte[] head, TunnelStream node, WebSocketTunnel tunnel)
    {
        try
        {
            await using var client = new TunnelStream(new LoopTransport(socket), begun, () => socket.Close());
            await client.WriteAsync(head);
            await tunnel.RunAsync(client, node, isBroken => socket.Close(abort: isBroken));
        }
        catch (Exception e) when (Delivery.IsBreak(e))
        {
            // The client was gone before it heard of its tunnel.
        }
        finally
        {
            // S2: closed first, then silent.
            await node.DisposeAsync();
            traffic.FellSilent(tunnel);
        }
    }

    private static TunnelStream Open(NodeConnection connection)
    {
        var (transport, begun) = connection.HandOver();
        return new TunnelStream(transport, begun, connection.Close);
    }

    /// <summary>The node's 101 as the server would write it.</summary>
    private static byte[] SwitchingHead(Exchange exchange)
    {
        var head = new HeadWriter();
        try
        {
            head.Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"u8);
            foreach (var (name, values) in exchange.Http.Response.Headers)
            {
                foreach (var value in values)
                    head.Field(name, value);
            }
            head.Write("\r\n"u8);
            return head.Written.ToArray();
        }
        finally
        {
            head.Dispose();
        }
    }
}
