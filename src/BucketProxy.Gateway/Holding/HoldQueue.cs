using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Holding;

/// <summary>
/// The requests of one bucket that wait, first come first served. Each goes by its own base's entry, so a pin that moves holds back
/// nobody else; of those whose entry is open, the oldest go first, a limited number at once.
/// </summary>
/// <remarks>Everything under one lock; nothing is called out from under it but completions, whose continuations run elsewhere.</remarks>
internal sealed class HoldQueue
{
    private static readonly TimeSpan Widening = TimeSpan.FromSeconds(1);
    private readonly CurrentTable _current;
    private readonly HoldLimits _limits;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly LinkedList<HeldRequest> _waiting = new();
    private int _parked;
    private int _underWay;
    private int _allowed;
    private bool _isBacklogged;
    private ITimer? _widen;

    public HoldQueue(CurrentTable current, HoldLimits limits, TimeProvider time)
    {
        _current = current;
        _limits = limits;
        _time = time;
        _allowed = limits.ReleaseAtOnce;
    }

    /// <summary>True while requests wait that could go but for <see cref="HoldLimits.ReleaseAtOnce"/>: newcomers queue up behind
    /// them instead of overtaking.</summary>
    public bool IsBacklogged => Volatile.Read(ref _isBacklogged);

    public int Count
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>When the request arrived that waits longest; null: none waits.</summary>
    public long? Oldest
    {
        get
        {
            lock (_lock)
                return _waiting.First?.Value.Since;
        }
    }

    /// <summary>
    /// Puts a request in its place. When the queue or the proxy is full, the newest request is refused: this one, or a newer one when
    /// this one came back with an older ticket.
    /// </summary>
    public void Join(HeldRequest request)
    {
        lock (_lock)
        {
            request.Wait = HeldRequest.NewWait();
            // What need not wait takes nobody's place.
            if (request.IsMarked && _limits.Judge(_current.Table.Find(request.BaseId), request) == Verdict.Misdirected)
            {
                request.Wait.TrySetResult(HoldOutcome.Misdirected);
                return;
            }
            if (_waiting.Count + _parked >= _limits.PerBucket || !_limits.TryTake())
            {
                if (_waiting.Last is not { Value: { } newest } || newest.Ticket < request.Ticket)
                {
                    request.Wait.TrySetResult(HoldOutcome.Refused);
                    return;
                }
                // Its place goes over to the older request.
                RemoveNeedsLock(newest);
                newest.Wait.TrySetResult(HoldOutcome.Refused);
            }
            var after = _waiting.Last;
            while (after is not null && after.Value.Ticket > request.Ticket)
                after = after.Previous;
            request.Place = after is null ? _waiting.AddFirst(request) : _waiting.AddAfter(after, request);
        }
        // The table may have changed between the look that found no open entry and now.
        Pump();
    }

    /// <summary>Ends a wait from outside (time, client gone). Nothing happens when it is over already.</summary>
    public void Leave(HeldRequest request, HoldOutcome outcome)
    {
        lock (_lock)
        {
            if (request.Place is null)
                return;
            RemoveNeedsLock(request);
            _limits.Give();
        }
        request.Wait.TrySetResult(outcome);
        // The one that left may have been the last of the backlog.
        Pump();
    }

    /// <summary>Takes a place for a request that waits elsewhere for a moment.</summary>
    public bool TryPark(HeldRequest request)
    {
        lock (_lock)
        {
            if (_waiting.Count + _parked >= _limits.PerBucket || !_limits.TryTake())
                return false;
            _parked++;
            request.IsParked = true;
            return true;
        }
    }

    public void Unpark(HeldRequest request)
    {
        lock (_lock)
        {
            if (!request.IsParked)
                return;
            request.IsParked = false;
            _parked--;
            _limits.Give();
        }
    }

    /// <summary>Lets go whoever may go now.</summary>
    public void Pump()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && !_isBacklogged)
                return;
            var table = _current.Table;
            var more = false;
            for (var node = _waiting.First; node is not null;)
            {
                var next = node.Next;
                var request = node.Value;
                var verdict = _limits.Judge(table.Find(request.BaseId), request);
                if (verdict == Verdict.Send && _underWay >= _allowed)
                {
                    more = true;
                    // At a gate there may be some behind it that need not wait.
                    if (!_limits.IsGate)
                        break;
                }
                else if (verdict != Verdict.Hold)
                {
                    if (verdict == Verdict.Send)
                        _underWay++;
                    RemoveNeedsLock(request);
                    _limits.Give();
                    request.Wait.TrySetResult(verdict == Verdict.Send ? HoldOutcome.Released : HoldOutcome.Misdirected);
                }
                node = next;
            }
            Volatile.Write(ref _isBacklogged, more);
            if (more)
            {
                _widen ??= _time.CreateTimer(static q => ((HoldQueue)q!).Widen(), this, Widening, Widening);
            }
            else
            {
                _widen?.Dispose();
                _widen = null;
                _allowed = _limits.ReleaseAtOnce;
            }
        }
    }

    /// <summary>Ends every wait.</summary>
    public void EndAll(HoldOutcome outcome)
    {
        lock (_lock)
        {
            foreach (var request in _waiting)
            {
                request.Place = null;
                _limits.Give();
                request.Wait.TrySetResult(outcome);
            }
            _waiting.Clear();
        }
        Pump();
    }

    public void SlotReturned()
    {
        lock (_lock)
            _underWay--;
        Pump();
    }

    private void Widen()
    {
        lock (_lock)
            _allowed = (int)Math.Min(_allowed * 2L, int.MaxValue);
        Pump();
    }

    private void RemoveNeedsLock(HeldRequest request)
    {
        _waiting.Remove(request.Place!);
        request.Place = null;
    }
}
