using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Holding;

/// <summary>
/// Where requests wait for an owner. Nothing of a held request is in memory but its headers and the little of its body that was
/// read ahead: the rest stays in the client's socket.
/// </summary>
internal sealed class HoldRoom : IDisposable
{
    private readonly HoldLimits _limits;
    private readonly TimeProvider _time;
    private readonly CurrentTable _current;
    private readonly HoldQueue[] _queues;
    private long _tickets;
    private readonly CancellationTokenSource _draining = new();

    public HoldRoom(CurrentTable current, GatewayOptions options, TimeProvider time)
    {
        _current = current;
        _time = time;
        _limits = new HoldLimits(options);
        _queues = [.. Bucket.All.Select(_ => new HoldQueue(current, _limits, time))];
        current.Published += OnPublished;
    }

    /// <summary>Requests held now.</summary>
    public int Held => _limits.Held;

    /// <summary>How long the request has been held that waits longest now; zero: none waits.</summary>
    public TimeSpan LongestHeld => Held == 0 ? TimeSpan.Zero
        : _queues.Max(q => q.Oldest is { } since ? _time.GetElapsedTime(since) : TimeSpan.Zero);

    /// <summary>Cancelled when the proxy stops.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>Whether a newcomer would overtake requests that wait only for their turn.</summary>
    public bool IsBacklogged(Bucket bucket) => _queues[bucket.Index].IsBacklogged;

    /// <summary>Begins a stay.</summary>
    /// <param name="id">The base.</param>
    /// <param name="isMarked">As <see cref="HeldRequest.IsMarked"/>.</param>
    public HeldRequest Arrive(BaseId id, bool isMarked = false) => new(id, Interlocked.Increment(ref _tickets), _time.GetTimestamp(), isMarked);

    /// <summary>What is left of the hold time.</summary>
    public TimeSpan Left(HeldRequest request) => _limits.HoldTime - _time.GetElapsedTime(request.Since);

    /// <summary>How long it has been held so far.</summary>
    public TimeSpan Spent(HeldRequest request) => _time.GetElapsedTime(request.Since);

    /// <summary>
    /// Waits until the request may try its entry (L4: every wait ends, at the latest when the hold time is over). When it returns
    /// <see cref="HoldOutcome.Released"/>, the slot must be returned.
    /// </summary>
    public async Task<(HoldOutcome Outcome, ReleaseSlot? Slot)> WaitAsync(HeldRequest request, CancellationToken clientGone)
    {
        if (_draining.IsCancellationRequested)
            return (HoldOutcome.Draining, null);
        var left = Left(request);
        if (left <= TimeSpan.Zero)
            return (HoldOutcome.TimedOut, null);
        var queue = _queues[request.BaseId.Bucket.Index];
        queue.Join(request);
        if (_draining.IsCancellationRequested)
            queue.Leave(request, HoldOutcome.Draining);
        HoldOutcome outcome;
        var wait = request.Wait.Task;
        await using (clientGone.UnsafeRegister(_ => queue.Leave(request, HoldOutcome.ClientGone), null))
        await using (_time.CreateTimer(_ => queue.Leave(request, HoldOutcome.TimedOut), null, left, Timeout.InfiniteTimeSpan))
            outcome = await wait;
        return (outcome, outcome == HoldOutcome.Released ? new ReleaseSlot(queue) : null);
    }

    /// <summary>Takes a place for a request that will come back by itself after a pause. False: there is none.</summary>
    public bool TryPark(HeldRequest request) => _queues[request.BaseId.Bucket.Index].TryPark(request);

    /// <summary>Gives the place back, if it had one.</summary>
    public void Unpark(HeldRequest request) => _queues[request.BaseId.Bucket.Index].Unpark(request);

    /// <summary>Answers every held request, now and from here on.</summary>
    public void Drain()
    {
        _draining.Cancel();
        foreach (var queue in _queues)
            queue.EndAll(HoldOutcome.Draining);
    }

    public void Dispose()
    {
        _current.Published -= OnPublished;
        Drain();
    }

    private void OnPublished(RoutingTable before, RoutingTable after)
    {
        if (_limits.Held == 0)
            return;
        foreach (var queue in _queues)
            queue.Pump();
    }
}
