using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// Stage 4: what lasts. Websockets and Engine.IO polls are registered with their grant, so that a move can end them; everything else passes.
/// </summary>
internal sealed class TunnelMiddleware(
    RequestDelegate next, Traffic traffic, DetachedTunnels detached, GatewayMetrics metrics, GatewayOptions options, TimeProvider time)
{
    private const string Moving = "The base is moving to another server.";
    private readonly string _retryAfter = RetryAfter.Text(options);

    public Task Invoke(HttpContext context) => context.Target().Carriage switch
    {
        Carriage.WebSocket => WebSocketAsync(context),
        Carriage.Poll => PollAsync(context),
        _ => next(context),
    };

    /// <summary>A long poll. It does not stay counted in the entry: see <see cref="TrackedTunnel"/>.</summary>
    private async Task PollAsync(HttpContext context)
    {
        var grant = context.Grant();
        using var poll = new PollTunnel(context.Target().Target.BaseId, grant.Entry);
        if (!traffic.TryOpen(poll))
        {
            grant.IsOutdated = true;
            return;
        }
        grant.Leave();
        try
        {
            using (EndedByMove.Begin(context, poll.CutToken))
            {
                context.Response.OnStarting(static p => Began((PollTunnel)p), poll);
                await next(context);
            }
        }
        finally
        {
            // S2: the forwarder has closed the node's connection, or has its whole answer.
            traffic.FellSilent(poll);
        }
        if (poll.IsCut)
            await OwnAnswer.UnavailableAsync(context, Moving, _retryAfter, Cause.Moved);
    }

    private static Task Began(PollTunnel poll)
    {
        // From here on a move waits for the answer instead of cutting it.
        poll.TryAnswer();
        return Task.CompletedTask;
    }

    /// <summary>A websocket, from its handshake to its end; one whose connection leaves the server, to where it stands.</summary>
    private async Task WebSocketAsync(HttpContext context)
    {
        var tunnel = new WebSocketTunnel(context.Target().Target.BaseId, context.Grant().Entry, traffic, options, time);
        using var upgrade = new TunnelUpgrade(context, tunnel, traffic, detached, metrics);
        try
        {
            // The forwarder, whichever it is, copies between the node and the tunnel's stream.
            var forwarding = next(context);
            if (await upgrade.OpensAsync(forwarding))
                await tunnel.CarryAsync(forwarding);
            await forwarding;
        }
        finally
        {
            // S2: the forwarder has returned, so the node's connection is closed.
            if (!upgrade.IsDetached)
                traffic.FellSilent(tunnel);
        }
        if (tunnel.IsOpen)
        {
            // However it ended: it was no failure of a request.
            context.Features.Set<IForwarderErrorFeature>(null);
        }
        else if (upgrade.CameTooLate)
        {
            await OwnAnswer.UnavailableAsync(context, Moving, _retryAfter, Cause.Moved);
        }
    }
}
