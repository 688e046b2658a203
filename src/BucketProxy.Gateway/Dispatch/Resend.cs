using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Polly;
using Polly.Retry;

namespace BucketProxy.Gateway.Dispatch;

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
    private readonly string _retryAfter;
    private readonly ResiliencePipeline<Sent> _again;

    public Resend(CurrentTable current, HoldRoom holds, GatewayMetrics metrics, GatewayOptions options, TimeProvider time)
    {
        _current = current;
        _holds = holds;
        _metrics = metrics;
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

    public async Task HoldAndSendAsync(Exchange exchange, Dispatcher dispatcher)
    {
        var held = _holds.Arrive(exchange.Target.BaseId);
        var clientGone = ClientOf(exchange.Http).RequestAborted;
        var outcome = HoldOutcome.Released;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(clientGone, _holds.Draining);
            var sent = await _again.ExecuteAsync(
                async (state, token) =>
                {
                    (var attempt, outcome) = await AttemptAsync(state.exchange, state.dispatcher, state.held, token);
                    return attempt;
                },
                (exchange, dispatcher, held),
                stop.Token);
            if (sent == Sent.Answered)
            {
                _metrics.Held(exchange.Held, HoldOutcome.Released);
                return;
            }
        }
        catch (OperationCanceledException) when (clientGone.IsCancellationRequested || _holds.Draining.IsCancellationRequested)
        {
            outcome = clientGone.IsCancellationRequested ? HoldOutcome.ClientGone : HoldOutcome.Draining;
        }
        finally
        {
            _holds.Unpark(held);
        }
        // The wait ends on one signal for both.
        if (outcome == HoldOutcome.ClientGone && !clientGone.IsCancellationRequested)
            outcome = HoldOutcome.Draining;
        exchange.Held = _holds.Spent(held);
        _metrics.Held(exchange.Held, outcome);
        await AnswerAsync(exchange, outcome);
    }

    private async ValueTask<(Sent Sent, HoldOutcome Outcome)> AttemptAsync(
        Exchange exchange, Dispatcher dispatcher, HeldRequest held, CancellationToken stop)
    {
        _holds.Unpark(held);
        while (true)
        {
            HoldOutcome outcome;
            ReleaseSlot? slot;
            using (GatewayTracing.BeginHold(exchange))
                (outcome, slot) = await _holds.WaitAsync(held, stop);
            exchange.Held = _holds.Spent(held);
            if (slot is null)
                return (Sent.NoPlace, outcome);
            exchange.Slot = slot;
            try
            {
                if (!_current.TryEnter(exchange.Target.BaseId, out var entry))
                    continue;
                var sent = await dispatcher.SendAsync(exchange, entry);
                if (sent == Sent.GrantChanged)
                    continue;
                if (sent == Sent.Unreachable)
                {
                    GatewayMetrics.Unreachable(exchange);
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

    private Task AnswerAsync(Exchange exchange, HoldOutcome outcome)
    {
        switch (outcome)
        {
            case HoldOutcome.ClientGone:
                exchange.Cause = Cause.ClientGone;
                return Task.CompletedTask;
            case HoldOutcome.Refused:
                return OwnAnswer.UnavailableAsync(exchange, Moving + " Too many requests wait for it.", _retryAfter, Cause.HoldFull);
            case HoldOutcome.Draining:
                return OwnAnswer.UnavailableAsync(exchange, "The proxy is stopping.", _retryAfter, Cause.Draining);
            default:
                return OwnAnswer.UnavailableAsync(exchange, Moving, _retryAfter, Cause.HoldTimeout);
        }
    }

    private static IHttpRequestLifetimeFeature ClientOf(HttpContext http)
    {
        var lifetime = http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        return lifetime is Forwarding.DetachedLifetime detached ? detached.Client : lifetime;
    }
}
