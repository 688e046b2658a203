using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Polly;
using Polly.Retry;

namespace BucketProxy.Gateway.Granting;

/// <summary>
/// The slow way: a request that found no open owner, or whose owner refused the connection. It waits, looks its owner up again, and
/// is sent, until it is answered or its hold time is over (L4).
/// </summary>
internal sealed class Resend
{
    private const string Moving = "The base has no server at the moment, or is moving to another one.";
    private readonly CurrentTable _current;
    private readonly HoldRoom _holds;
    private readonly GatewayMetrics _metrics;
    private readonly RequestTracing _tracing;
    private readonly string _retryAfter;
    private readonly ResiliencePipeline<Sent> _again;

    public Resend(CurrentTable current, HoldRoom holds, GatewayMetrics metrics, RequestTracing tracing, GatewayOptions options, TimeProvider time)
    {
        _current = current;
        _holds = holds;
        _metrics = metrics;
        _tracing = tracing;
        _retryAfter = RetryAfter.Text(options);
        _again = new ResiliencePipelineBuilder<Sent> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Sent>
            {
                // S4: nothing but "not a byte was sent" is ever sent again.
                ShouldHandle = static args => new ValueTask<bool>(args.Outcome.Result == Sent.Unreachable),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(50),
                MaxDelay = TimeSpan.FromSeconds(1),
            })
            .Build();
    }

    /// <param name="context">The request.</param>
    /// <param name="id">Its base.</param>
    /// <param name="stage">Sends it.</param>
    /// <param name="client">Cancelled when the client goes away, whatever the request's own lifetime says of it.</param>
    public async Task HoldAndSendAsync(HttpContext context, BaseId id, GrantMiddleware stage, CancellationToken client)
    {
        var held = _holds.Arrive(id);
        var outcome = HoldOutcome.Released;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(client, _holds.Draining);
            var sent = await _again.ExecuteAsync(
                async (state, token) =>
                {
                    (var attempt, outcome) = await AttemptAsync(state.context, state.stage, state.held, state.client, token);
                    return attempt;
                },
                (context, stage, held, client),
                stop.Token);
            if (sent == Sent.Answered)
            {
                _metrics.Held(context.Grant().Held, HoldOutcome.Released);
                return;
            }
        }
        catch (OperationCanceledException) when (client.IsCancellationRequested || _holds.Draining.IsCancellationRequested)
        {
            outcome = client.IsCancellationRequested ? HoldOutcome.ClientGone : HoldOutcome.Draining;
        }
        finally
        {
            _holds.Unpark(held);
        }
        // The wait ends on one signal for both.
        if (outcome == HoldOutcome.ClientGone && !client.IsCancellationRequested)
            outcome = HoldOutcome.Draining;
        var spent = _holds.Spent(held);
        context.Features.Set<IHoldFeature>(new HoldFeature(spent));
        _metrics.Held(spent, outcome);
        await AnswerAsync(context, outcome);
    }

    private async ValueTask<(Sent Sent, HoldOutcome Outcome)> AttemptAsync(
        HttpContext context, GrantMiddleware stage, HeldRequest held, CancellationToken client, CancellationToken stop)
    {
        _holds.Unpark(held);
        while (true)
        {
            HoldOutcome outcome;
            ReleaseSlot? slot;
            using (_tracing.BeginHold(context))
                (outcome, slot) = await _holds.WaitAsync(held, stop);
            if (slot is null)
                return (Sent.NoPlace, outcome);
            // The next one may go as soon as the node begins to answer this one.
            context.Response.OnStarting(static s => Return((ReleaseSlot)s), slot);
            try
            {
                if (!_current.TryEnter(held.BaseId, out var entry))
                    continue;
                var sent = await stage.SendAsync(context, entry, _holds.Spent(held), isFirst: false, client);
                if (sent == Sent.GrantChanged)
                    continue;
                if (sent == Sent.Unreachable)
                {
                    context.Grant().Link.Counters.CountUnreachable();
                    if (_holds.Left(held) <= TimeSpan.Zero)
                        return (Sent.NoPlace, HoldOutcome.TimedOut);
                    if (!_holds.TryPark(held))
                        return (Sent.NoPlace, HoldOutcome.Refused);
                }
                return (sent, HoldOutcome.Released);
            }
            finally
            {
                slot.Return();
            }
        }
    }

    private static Task Return(ReleaseSlot slot)
    {
        slot.Return();
        return Task.CompletedTask;
    }

    private Task AnswerAsync(HttpContext context, HoldOutcome outcome)
    {
        switch (outcome)
        {
            case HoldOutcome.ClientGone:
                context.SetCause(Cause.ClientGone);
                return Task.CompletedTask;
            case HoldOutcome.Refused:
                return OwnAnswer.UnavailableAsync(context, Moving + " Too many requests wait for it.", _retryAfter, Cause.HoldFull);
            case HoldOutcome.Draining:
                return OwnAnswer.UnavailableAsync(context, "The proxy is stopping.", _retryAfter, Cause.Draining);
            default:
                return OwnAnswer.UnavailableAsync(context, Moving, _retryAfter, Cause.HoldTimeout);
        }
    }
}
