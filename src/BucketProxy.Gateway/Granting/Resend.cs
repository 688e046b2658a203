using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Admission;
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
/// The slow way: a request that found no open owner, or whose owner refused the connection, or whose owner's gate says that it is misdirected. It waits, looks its owner up
/// again, and is sent, until it is answered or its hold time is over (L4).
/// </summary>
internal sealed class Resend
{
    private const string Moving = "The base has no server at the moment, or is moving to another one.";
    private readonly Admissions _admissions;
    private readonly HoldRoom _holds;
    private readonly TableRevisions _revisions;
    private readonly GatewayMetrics _metrics;
    private readonly RequestTracing _tracing;
    private readonly string _retryAfter;
    private readonly ResiliencePipeline<Sent> _again;

    public Resend(
        Admissions admissions,
        HoldRoom holds,
        TableRevisions revisions,
        GatewayMetrics metrics,
        RequestTracing tracing,
        GatewayOptions options,
        TimeProvider time)
    {
        _admissions = admissions;
        _holds = holds;
        _revisions = revisions;
        _metrics = metrics;
        _tracing = tracing;
        _retryAfter = RetryAfter.Text(options);
        _again = new ResiliencePipelineBuilder<Sent> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Sent>
            {
                // S4: nothing but "not a byte was sent to a server" is ever sent again.
                ShouldHandle = static args => new ValueTask<bool>(args.Outcome.Result is Sent.Unreachable or Sent.Misdirected),
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
        var held = _holds.Arrive(id, _admissions.IsMarked(context));
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
        await AnswerAsync(context, held, outcome);
    }

    private async ValueTask<(Sent Sent, HoldOutcome Outcome)> AttemptAsync(
        HttpContext context, GrantMiddleware stage, HeldRequest held, CancellationToken client, CancellationToken stop)
    {
        _holds.Unpark(held);
        while (true)
        {
            if (((Grant?)context.Features[typeof(IGrantFeature)])?.TakeRefusal(out var told) == true)
            {
                // What the owner's gate knows is waited for. Where it is known here already, or nothing is said of it, time is the only thing to go by.
                var (arrival, unplaced) = await CatchUpAsync(held, told, stop);
                if (arrival == Arrival.Was)
                    return _holds.TryPark(held) ? (Sent.Misdirected, HoldOutcome.Released) : (Sent.NoPlace, HoldOutcome.Refused);
                if (unplaced is { } why)
                    return (Sent.NoPlace, why);
            }
            HoldOutcome outcome;
            ReleaseSlot? slot;
            using (_tracing.BeginHold(context))
                (outcome, slot) = await _holds.WaitAsync(held, stop);
            // The sender may know of a table that is not here yet, by which the base is this gate's.
            if (outcome == HoldOutcome.Misdirected && _admissions.MayAdmit && await CatchUpAsync(held, Mark(context), stop) is { Arrival: Arrival.Came })
                continue;
            if (slot is null)
                return (Sent.NoPlace, outcome);
            // The next one may go as soon as the node begins to answer this one.
            context.Response.OnStarting(static s => Return((ReleaseSlot)s), slot);
            try
            {
                if (!_admissions.TryEnter(held.BaseId, held.IsMarked, out var entry))
                    continue;
                var sent = await stage.SendAsync(context, entry, _holds.Spent(held), isFirst: false, client);
                if (sent is Sent.GrantChanged or Sent.Misdirected)
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

    /// <summary>Waits in a place of the hold until the table has come as far as somebody else's.</summary>
    /// <returns>How that ended; and why the request cannot go on, if it cannot.</returns>
    private async ValueTask<(Arrival Arrival, HoldOutcome? Unplaced)> CatchUpAsync(HeldRequest held, TableMark? mark, CancellationToken stop)
    {
        if (mark is not { } wanted || !wanted.IsAheadOf(_admissions.Table))
            return (Arrival.Was, null);
        if (!_holds.TryPark(held))
            return (Arrival.Never, HoldOutcome.Refused);
        try
        {
            var arrival = await _revisions.WaitAsync(wanted, _holds.Left(held), stop);
            return (arrival, arrival == Arrival.Never ? HoldOutcome.TimedOut : null);
        }
        finally
        {
            _holds.Unpark(held);
        }
    }

    private static TableMark? Mark(HttpContext context) => ((IMarkFeature?)context.Features[typeof(IMarkFeature)])?.Table;

    private static Task Return(ReleaseSlot slot)
    {
        slot.Return();
        return Task.CompletedTask;
    }

    private Task AnswerAsync(HttpContext context, HeldRequest held, HoldOutcome outcome)
    {
        switch (outcome)
        {
            case HoldOutcome.Misdirected:
            // Its sender may find the next gate of the node.
            case HoldOutcome.Draining when held.IsMarked:
                return OwnAnswer.MisdirectedAsync(context, TableMark.Of(_admissions.Table));
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
