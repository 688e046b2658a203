using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Dispatch;

/// <summary>
/// A request's way through the gateway.
/// <code>
///   1 read the target            no base: local route, 404; malformed: 400
///   2 read the table             pinned base, else bucket
///   3 enter                      open: counted in flight. Not open, or others wait already: hold, then again from 2
///   4 send                       to the owner in the table, and nobody else (S2)
///   5 leave                      when the node answered completely or its connection is closed
///   6 owner unreachable          nothing was sent: hold, look the owner up again, send again (S4)
/// </code>
/// </summary>
internal sealed class Dispatcher(
    TargetExtractor extractor,
    CurrentTable current,
    NodeLinks links,
    HoldRoom holds,
    Resend resend,
    PlainProxy plain,
    WebSocketProxy webSockets,
    LocalRoutes local,
    Traffic traffic,
    RequestTelemetry telemetry,
    GatewayOptions options,
    ILogger log)
{
    public Task HandleAsync(Exchange exchange)
    {
        telemetry.Began(exchange);
        // :: Step 1: what is it for, and is there one way only to read it?
        var http = exchange.Http;
        exchange.ClosesConnection = local.IsDraining;
        if (RequestGuard.Problem(http) is { } problem)
            return OwnAnswer.ErrorAsync(exchange, StatusCodes.Status400BadRequest, problem, Cause.BadRequest);
        exchange.Target = extractor.Extract(exchange.RawTarget);
        if (exchange.Target.Kind != TargetKind.Base)
            return local.AnswerAsync(exchange);

        if (exchange.Target.IsSocketIo)
            LiftBodyLimit(http);
        else if (http.Request.ContentLength > options.MaxBodyBytes)
            return OwnAnswer.ErrorAsync(exchange, StatusCodes.Status413PayloadTooLarge, $"The body is larger than {options.MaxBodyBytes} bytes.", Cause.TooLarge);

        exchange.Way = WayOf(exchange);
        if (exchange.Way == Way.Unclear)
            return OwnAnswer.ErrorAsync(exchange, StatusCodes.Status400BadRequest, "A websocket handshake is a GET without a body.", Cause.BadRequest);
        if (!exchange.IsSafe && exchange.Way != Way.WebSocket)
            Detach(http);
        return ForwardAsync(exchange);
    }

    /// <summary>The answer is complete, or the connection is gone.</summary>
    public void Ended(Exchange exchange)
    {
        if (exchange.Target.Kind == TargetKind.Base)
            traffic.Load.Count(exchange.Target.BaseId, exchange.Bytes);
        telemetry.Ended(exchange);
    }

    private async Task ForwardAsync(Exchange exchange)
    {
        try
        {
            exchange.Span = telemetry.Trace(exchange);
            // :: Steps 2 and 3: the usual case first. Who would overtake waiting requests goes behind them.
            var id = exchange.Target.BaseId;
            if (!holds.IsBacklogged(id.Bucket) && current.TryEnter(id, out var entry)
                && await SendAsync(exchange, entry) == Sent.Answered)
            {
                return;
            }
            await resend.HoldAndSendAsync(exchange, this);
        }
        catch (Exception e)
        {
            Log.RequestFailed(log, e, exchange.Target.BaseId);
            await OwnAnswer.ErrorAsync(exchange, StatusCodes.Status500InternalServerError, "The proxy failed.", Cause.Internal);
        }
    }

    /// <summary>Steps 4 and 5: sends a request through an entry that it entered, and leaves the entry.</summary>
    public ValueTask<Sent> SendAsync(Exchange exchange, RoutingEntry entry) =>
        exchange.Span is null ? CarryAsync(exchange, entry) : TraceAsync(exchange, entry);

    private async ValueTask<Sent> TraceAsync(Exchange exchange, RoutingEntry entry)
    {
        var span = GatewayTracing.BeginForward(exchange, entry);
        exchange.ForwardSpan = span;
        var sent = Sent.Answered;
        try
        {
            return sent = await CarryAsync(exchange, entry);
        }
        finally
        {
            exchange.ForwardSpan = null;
            if (span is not null)
                GatewayTracing.EndForward(span, sent);
        }
    }

    private ValueTask<Sent> CarryAsync(Exchange exchange, RoutingEntry entry)
    {
        exchange.Epoch = entry.Epoch;
        try
        {
            exchange.Link = links.For(entry);
        }
        catch
        {
            entry.Leave();
            throw;
        }
        return exchange.Way switch
        {
            Way.WebSocket => webSockets.SendAsync(exchange, entry),
            Way.Poll => plain.PollAsync(exchange, entry),
            _ => PlainProxy.SendAsync(exchange, entry),
        };
    }

    private static Way WayOf(Exchange exchange)
    {
        var http = exchange.Http;
        if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
        {
            var upgrade = http.Request.Headers.Upgrade;
            if (upgrade.Count == 1 && "websocket".Equals(upgrade[0], StringComparison.OrdinalIgnoreCase))
            {
                return HttpMethods.IsGet(http.Request.Method) && http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
                    ? Way.WebSocket
                    : Way.Unclear;
            }
            // Any other upgrade is not taken up (RFC 9110 section 7.8), and nobody behind us must think that it was.
            http.Request.Headers.Remove("Upgrade");
        }
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return connect.Protocol == "websocket" ? Way.WebSocket : Way.Unclear;
        return exchange.Target.HasSession && HttpMethods.IsGet(http.Request.Method) ? Way.Poll : Way.Plain;
    }

    private static void LiftBodyLimit(HttpContext http)
    {
        // A 413 on /socket.io stops the JS client for good.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }

    private static void Detach(HttpContext http)
    {
        var client = http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        http.Features.Set<IHttpRequestLifetimeFeature>(new DetachedLifetime(client));
    }
}
