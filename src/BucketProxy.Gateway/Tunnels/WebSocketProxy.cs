using System.Net;
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
        var http = exchange.Http;
        var isCounted = true;
        HttpResponseMessage? response = null;
        try
        {
            var (request, key) = Handshake(exchange);
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted))
            await using (time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), patience, options.IdleTimeout, Timeout.InfiniteTimeSpan))
            {
                try
                {
                    response = await exchange.Link!.Invoker.SendAsync(request, patience.Token);
                }
                catch (Exception e) when (NodeUnreachableException.IsIn(e))
                {
                    return Sent.Unreachable;
                }
                catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
                {
                    return await FailedAsync(exchange, patience.IsCancellationRequested);
                }
            }
            exchange.Slot?.Return();
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
            {
                await RefusedAsync(exchange, response);
                return Sent.Answered;
            }
            if (key is not null && !Accepts(response, key))
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
                await CarryAsync(exchange, response, tunnel, isExtended: key is not null);
            }
            finally
            {
                // S2: closed first, then silent, also where the tunnel never came to carry anything.
                response.Dispose();
                traffic.FellSilent(tunnel);
            }
            return Sent.Answered;
        }
        finally
        {
            // Closes the node's connection when it was not carried to its end: before it counts as silent.
            response?.Dispose();
            if (isCounted)
                entry.Leave();
        }
    }

    private static (HttpRequestMessage Request, string? Key) Handshake(Exchange exchange)
    {
        var request = new HttpRequestMessage
        {
            Method = HttpMethod.Get,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        exchange.Transformer.WriteRequest(request);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        if (!HttpProtocol.IsHttp2(exchange.Http.Request.Protocol))
            return (request, null);
        // RFC 8441 section 5: HTTP/2 has no key, HTTP/1.1 wants one, and what comes back is ours to check.
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        request.Headers.Remove("Sec-WebSocket-Key");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
        return (request, key);
    }

    private static bool Accepts(HttpResponseMessage response, string key)
    {
#pragma warning disable CA5350 // SHA-1 is what RFC 6455 section 4.2.2 prescribes; nothing is kept secret by it.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
#pragma warning restore CA5350
        return response.Headers.NonValidated.TryGetValues("Sec-WebSocket-Accept", out var accept) && accept.ToString() == expected;
    }

    private static async Task CarryAsync(Exchange exchange, HttpResponseMessage response, WebSocketTunnel tunnel, bool isExtended)
    {
        var http = exchange.Http;
        var node = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        exchange.Transformer.ReadResponse(response);
        Stream client;
        if (isExtended)
        {
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

    /// <summary>The node answered the handshake like any request: its answer is the client's.</summary>
    private static async Task RefusedAsync(Exchange exchange, HttpResponseMessage response)
    {
        var http = exchange.Http;
        http.Response.StatusCode = (int)response.StatusCode;
        exchange.Transformer.ReadResponse(response);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
            await body.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            http.Abort();
        }
    }

    private static async Task<Sent> FailedAsync(Exchange exchange, bool isTimeoutOrGone)
    {
        if (exchange.Http.RequestAborted.IsCancellationRequested)
            exchange.Cause = Cause.ClientGone;
        else if (isTimeoutOrGone)
            await OwnAnswer.ErrorAsync(exchange, StatusCodes.Status504GatewayTimeout, "The server did not answer in time.", Cause.NodeTimeout);
        else
            await OwnAnswer.ErrorAsync(exchange, StatusCodes.Status502BadGateway, "The server broke off.", Cause.NodeFailed);
        return Sent.Answered;
    }
}
