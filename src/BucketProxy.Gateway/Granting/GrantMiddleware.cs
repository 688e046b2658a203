using System.Diagnostics;
using System.Runtime.CompilerServices;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Logging;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Granting;

/// <summary>
/// Stage 3: who owns the base? Sets <see cref="IGrantFeature"/> and YARP's one destination, and has the rest of the pipeline send the request there.
/// <code>
///   1 look up     pinned base, else bucket
///   2 enter       open: counted in flight. Not open, or others wait already: hold, then again from 1
///   3 send        the rest of the pipeline, to the owner in the table and nobody else (S2)
///   4 leave       when the node answered completely, or its connection is closed
///   5 judge       owner unreachable: nothing was sent, hold and again from 1 (S4). Any other failure is told to the client
/// </code>
/// </summary>
internal sealed class GrantMiddleware(
    RequestDelegate next,
    CurrentTable current,
    NodeLinks links,
    HoldRoom holds,
    Resend resend,
    Draining draining,
    RequestTracing tracing,
    ILogger<GrantMiddleware> log)
{
    public async Task Invoke(HttpContext context)
    {
        var target = context.Target();
        var id = target.Target.BaseId;
        try
        {
            var client = context.RequestAborted;
            if (target.Carriage == Carriage.Plain && !context.Request.IsSafe())
                Detach(context);
            // :: Steps 1 and 2, the usual case first. Who would overtake waiting requests goes behind them.
            if (!holds.IsBacklogged(id.Bucket) && current.TryEnter(id, out var entry)
                && await SendAsync(context, entry, TimeSpan.Zero) == Sent.Answered)
            {
                return;
            }
            await resend.HoldAndSendAsync(context, id, this, client);
        }
        catch (Exception e)
        {
            Log.RequestFailed(log, e, id);
            await OwnAnswer.ErrorAsync(context, StatusCodes.Status500InternalServerError, "The proxy failed.", Cause.Internal);
        }
    }

    /// <summary>Steps 3 to 5: sends a request through an entry that it entered, and leaves the entry.</summary>
    public ValueTask<Sent> SendAsync(HttpContext context, RoutingEntry entry, TimeSpan held)
    {
        Grant grant;
        try
        {
            grant = new Grant(entry, links.For(entry), held);
        }
        catch
        {
            entry.Leave();
            throw;
        }
        context.Features.Set<IGrantFeature>(grant);
        context.GetReverseProxyFeature().AvailableDestinations = grant.Link.Destination;
        if (draining.IsOn && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return tracing.SpanOf(context) is { } span ? SendTracedAsync(context, grant, span) : SendAsync(context, grant);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Sent> SendAsync(HttpContext context, Grant grant)
    {
        try
        {
            await next(context);
        }
        finally
        {
            // S2: here the node has answered completely, or its connection is closed.
            grant.Leave();
        }
        if (grant.IsOutdated)
            return Sent.GrantChanged;
        return context.Features.Get<IForwarderErrorFeature>() is { } error ? await Failures.JudgeAsync(context, error) : Sent.Answered;
    }

    private async ValueTask<Sent> SendTracedAsync(HttpContext context, Grant grant, Activity request)
    {
        // The node is told of it: whoever writes the request's head passes on the current span.
        using var span = RequestTracing.BeginForward(context, grant, request);
        var sent = await SendAsync(context, grant);
        RequestTracing.EndForward(span, sent);
        return sent;
    }

    /// <summary>
    /// S2: what is not GET or HEAD may be writing at the node. A client that goes away neither ends it nor stops counting it.
    /// </summary>
    private static void Detach(HttpContext context)
    {
        var client = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        context.Features.Set<IHttpRequestLifetimeFeature>(new DetachedLifetime(client));
    }
}
