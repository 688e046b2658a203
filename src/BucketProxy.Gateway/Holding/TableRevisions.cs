using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;

namespace BucketProxy.Gateway.Holding;

/// <summary>Waits for the published table to come to a revision that somebody else has seen already.</summary>
internal sealed class TableRevisions : IDisposable
{
    private readonly CurrentTable _current;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly LinkedList<(TableMark Mark, TaskCompletionSource Reached)> _waiting = new();

    public TableRevisions(CurrentTable current, TimeProvider time)
    {
        _current = current;
        _time = time;
        current.Published += OnPublished;
    }

    /// <summary>Waits until the table is not older than <paramref name="mark"/>; a mark of another store is not waited for.</summary>
    /// <param name="mark">What somebody has seen.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was anything to wait for, and if so, whether it came.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<Arrival> WaitAsync(TableMark? mark, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (mark is not { } wanted || !wanted.IsAheadOf(_current.Table))
            return Arrival.Was;
        if (limit <= TimeSpan.Zero)
            return Arrival.Never;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var place = new LinkedListNode<(TableMark, TaskCompletionSource)>((wanted, reached));
        lock (_lock)
            _waiting.AddLast(place);
        try
        {
            // Listed first, then read again: a table that was published in between is not missed.
            if (!wanted.IsAheadOf(_current.Table))
                return Arrival.Came;
            await reached.Task.WaitAsync(limit, _time, cancellationToken);
            return Arrival.Came;
        }
        catch (TimeoutException)
        {
            return Arrival.Never;
        }
        finally
        {
            lock (_lock)
            {
                if (place.List is not null)
                    _waiting.Remove(place);
            }
        }
    }

    public void Dispose() => _current.Published -= OnPublished;

    private void OnPublished(RoutingTable before, RoutingTable after)
    {
        lock (_lock)
        {
            for (var place = _waiting.First; place is not null;)
            {
                var next = place.Next;
                // A table that goes back is one of a proxy that must not forward: there is nothing to wait for.
                if (!place.Value.Mark.IsAheadOf(after) || after.Revision < before.Revision)
                {
                    _waiting.Remove(place);
                    place.Value.Reached.TrySetResult();
                }
                place = next;
            }
        }
    }
}

/// <summary>How a wait for a revision ended.</summary>
internal enum Arrival
{
    /// <summary>The table was there already, or the revision is of another store: nobody waited.</summary>
    Was,

    /// <summary>It came.</summary>
    Came,

    /// <summary>It did not come in time.</summary>
    Never,
}
