using System.Runtime.CompilerServices;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Sends a request and streams its answer.</summary>
internal sealed class PlainProxy(Traffic traffic, GatewayOptions options)
{
    private readonly string _retryAfter = RetryAfter.Text(options);

    /// <summary>Sends through an entry that counted the request, and leaves it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<Sent> SendAsync(Exchange exchange, RoutingEntry entry)
    {
        Delivered delivered;
        try
        {
            exchange.Bytes = exchange.Http.Request.ContentLength ?? 0;
            delivered = await FinishAsync(exchange, await exchange.Delivery.BeginAsync(webSocketKey: null, CancellationToken.None));
        }
        finally
        {
            // S2: here the node has answered completely, or its connection is closed.
            entry.Leave();
        }
        return delivered == Delivered.Answered ? Sent.Answered : await JudgeAsync(exchange, delivered);
    }

    /// <summary>Sends a long poll. It does not stay counted in the entry: see <see cref="TrackedTunnel"/>.</summary>
    public async ValueTask<Sent> PollAsync(Exchange exchange, RoutingEntry entry)
    {
        using var poll = new PollTunnel(exchange.Target.BaseId, entry);
        try
        {
            if (!traffic.TryOpen(poll))
                return Sent.GrantChanged;
        }
        finally
        {
            entry.Leave();
        }
        Delivered delivered;
        exchange.Poll = poll;
        try
        {
            delivered = await FinishAsync(exchange, await exchange.Delivery.BeginAsync(webSocketKey: null, poll.CutToken));
        }
        finally
        {
            exchange.Poll = null;
            traffic.FellSilent(poll);
        }
        if (poll.IsCut)
        {
            await OwnAnswer.UnavailableAsync(exchange, "The base is moving to another server.", _retryAfter, Cause.Moved);
            return Sent.Answered;
        }
        return delivered == Delivered.Answered ? Sent.Answered : await JudgeAsync(exchange, delivered);
    }

    /// <summary>Carries the answer of a delivery that began, and ends it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<Delivered> FinishAsync(Exchange exchange, Delivered begun)
    {
        var delivery = exchange.Delivery;
        var isComplete = false;
        try
        {
            if (begun == Delivered.Answered)
            {
                var node = delivery.Connection;
                isComplete = node.IsBodyOver || await AnswerRelay.CarryAsync(exchange, node, delivery.FramesTrailers);
                if (!isComplete)
                    begun = Delivered.Cancelled;
            }
        }
        catch (Exception e) when (Delivery.IsBreak(e) || e is OperationCanceledException)
        {
            begun = delivery.Failed();
        }
        finally
        {
            await delivery.EndAsync(isComplete);
        }
        return begun;
    }

    /// <summary>What a failed attempt means for the client, and whether it may be repeated.</summary>
    public static async ValueTask<Sent> JudgeAsync(Exchange exchange, Delivered delivered)
    {
        var http = exchange.Http;
        if (delivered == Delivered.Unreachable)
        {
            http.Response.Clear();
            return Sent.Unreachable;
        }
        if (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Cause = Cause.ClientGone;
            if (http.Response.HasStarted)
                http.Abort();
            return Sent.Answered;
        }
        if (http.Response.HasStarted)
        {
            // The answer had begun; a cut connection is the only truth left.
            exchange.Cause = delivered == Delivered.Cancelled ? Cause.ClientGone : Cause.NodeFailed;
            http.Abort();
            return Sent.Answered;
        }
        var (status, message, cause) = delivered switch
        {
            Delivered.RequestBroke when exchange.Delivery.RequestFault == StatusCodes.Status413PayloadTooLarge =>
                (StatusCodes.Status413PayloadTooLarge, "The body is too large.", Cause.TooLarge),
            Delivered.RequestBroke => (exchange.Delivery.RequestFault, "The request or its body broke off or is malformed.", Cause.BadRequest),
            Delivered.Expired => (StatusCodes.Status504GatewayTimeout, "The server did not answer in time.", Cause.NodeTimeout),
            _ => (StatusCodes.Status502BadGateway, "The server broke off, or its answer is malformed.", Cause.NodeFailed),
        };
        await OwnAnswer.ErrorAsync(exchange, status, message, cause);
        return Sent.Answered;
    }
}
