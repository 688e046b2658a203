using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Forwarder.Forwarding;
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
///   2 enter       open: counted in flight. Not open, or others wait already: hold, then again from 1. At a gate: also by its lease, and 421 to another proxy
///   3 send        the rest of the pipeline, to the owner in the table and nobody else (S2)
///   4 leave       when the node answered completely, or its connection is closed
///   5 judge       owner unreachable, or its gate refused: nothing was sent, hold and again from 1 (S4). Any other failure is told to the client
/// </code>
/// </summary>
internal sealed class GrantMiddleware(
    RequestDelegate next,
    Admissions admissions,
    NodeLinks links,
    HoldRoom holds,
    Resend resend,
    Draining draining,
    RequestTracing tracing,
    ILogger<GrantMiddleware> log)
{
    public Task Invoke(HttpContext context)
    {
        var target = context.Target();
        var id = target.Target.BaseId;
        var client = context.RequestAborted;
        if (target.Carriage == Carriage.Plain && !context.Request.IsSafe())
            Detach(context);
        // :: Steps 1 and 2, the usual case first. Who would overtake waiting requests goes behind them.
        return !holds.IsBacklogged(id.Bucket) && admissions.TryEnter(id, admissions.IsMarked(context), out var entry)
            ? SendAsync(context, entry, TimeSpan.Zero, isFirst: true, client)
            : HoldAsync(context, id, client);
    }

    /// <summary>Steps 3 to 5: sends a request through an entry that it entered, and leaves the entry.</summary>
    /// <param name="context">The request.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="held">How long it was held before.</param>
    /// <param name="isFirst">It was not held: whatever becomes of it is settled here. Otherwise that is the caller's.</param>
    /// <param name="client">As in <see cref="Resend.HoldAndSendAsync"/>.</param>
    public async Task<Sent> SendAsync(HttpContext context, RoutingEntry entry, TimeSpan held, bool isFirst, CancellationToken client)
    {
        try
        {
            var grant = Give(context, entry, held, isFirst);
            Sent sent;
            // The node is told of the span: whoever writes the request's head passes on the current one.
            using (var span = tracing.BeginForward(context, grant))
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
                sent = grant.IsOutdated ? Sent.GrantChanged
                    : context.Features[typeof(IForwarderErrorFeature)] is IForwarderErrorFeature error ? await Failures.JudgeAsync(context, error)
                    : Sent.Answered;
                RequestTracing.EndForward(span, sent);
            }
            if (sent == Sent.Answered || !isFirst)
                return sent;
            await resend.HoldAndSendAsync(context, context.Target().Target.BaseId, this, client);
        }
        catch (Exception e) when (isFirst)
        {
            await FailAsync(context, e);
        }
        return Sent.Answered;
    }

    private async Task HoldAsync(HttpContext context, BaseId id, CancellationToken client)
    {
        try
        {
            await resend.HoldAndSendAsync(context, id, this, client);
        }
        catch (Exception e)
        {
            await FailAsync(context, e);
        }
    }

    /// <summary>The features by which the stages behind this one send it.</summary>
    private Grant Give(HttpContext context, RoutingEntry entry, TimeSpan held, bool isFirst)
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
        context.Features[typeof(IGrantFeature)] = grant;
        context.GetReverseProxyFeature().AvailableDestinations = grant.Link.Destination;
        if (!grant.Link.IsPlain)
            context.Features[typeof(IDeliveryTermsFeature)] = grant.Link.TermsFor(admissions.Table);
        else if (!isFirst)
            context.Features[typeof(IDeliveryTermsFeature)] = null;
        if (draining.IsOn && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return grant;
    }

    private Task FailAsync(HttpContext context, Exception e)
    {
        Log.RequestFailed(log, e, context.Target().Target.BaseId);
        return OwnAnswer.ErrorAsync(context, StatusCodes.Status500InternalServerError, "The proxy failed.", Cause.Internal);
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
