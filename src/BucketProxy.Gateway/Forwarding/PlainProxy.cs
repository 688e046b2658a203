using System.Net;
using System.Runtime.CompilerServices;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Sends a request and streams its answer, through YARP's forwarder.</summary>
internal sealed class PlainProxy(IHttpForwarder forwarder, Traffic traffic, GatewayOptions options)
{
    private readonly string _retryAfter = RetryAfter.Text(options);
    private readonly ForwarderRequestConfig _config = new()
    {
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = options.IdleTimeout,
    };

    /// <summary>Sends through an entry that counted the request, and leaves it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Sent> SendAsync(Exchange exchange, RoutingEntry entry)
    {
        ForwarderError error;
        try
        {
            error = await ForwardAsync(exchange, CancellationToken.None);
        }
        finally
        {
            // S2: here the node has answered completely, or its connection is closed.
            entry.Leave();
        }
        return error == ForwarderError.None ? Sent.Answered : await JudgeAsync(exchange, error);
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
        ForwarderError error;
        exchange.Poll = poll;
        try
        {
            error = await ForwardAsync(exchange, poll.CutToken);
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
        return error == ForwarderError.None ? Sent.Answered : await JudgeAsync(exchange, error);
    }

    private ValueTask<ForwarderError> ForwardAsync(Exchange exchange, CancellationToken cut)
    {
        var link = exchange.Link!;
        exchange.Bytes = exchange.Http.Request.ContentLength ?? 0;
        return forwarder.SendAsync(exchange.Http, link.Destination, link.Invoker, _config, exchange.Transformer, cut);
    }

    /// <summary>What a failed attempt means for the client, and whether it may be repeated.</summary>
    private static async ValueTask<Sent> JudgeAsync(Exchange exchange, ForwarderError error)
    {
        var http = exchange.Http;
        var fault = http.Features.Get<IForwarderErrorFeature>()?.Exception;
        http.Features.Set<IForwarderErrorFeature>(null);
        if (error == ForwarderError.Request && NodeUnreachableException.IsIn(fault))
        {
            http.Response.Clear();
            return Sent.Unreachable;
        }
        if (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Cause = Cause.ClientGone;
            return Sent.Answered;
        }
        if (http.Response.HasStarted)
        {
            // The answer had begun; YARP has cut the client's connection or finished the answer.
            exchange.Cause = error is ForwarderError.ResponseBodyClient or ForwarderError.ResponseBodyCanceled ? Cause.ClientGone : Cause.NodeFailed;
            return Sent.Answered;
        }
        var status = http.Response.StatusCode;
        var (message, cause) = status switch
        {
            StatusCodes.Status413PayloadTooLarge => ("The body is too large.", Cause.TooLarge),
            >= 400 and < 500 => ("The body of the request broke off or is malformed.", Cause.BadRequest),
            StatusCodes.Status504GatewayTimeout => ("The server did not answer in time.", Cause.NodeTimeout),
            _ => ("The server broke off, or its answer is malformed.", Cause.NodeFailed),
        };
        await OwnAnswer.ErrorAsync(exchange, status is >= 400 ? status : StatusCodes.Status502BadGateway, message, cause);
        return Sent.Answered;
    }
}
