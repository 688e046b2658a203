using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// Waits for the silence of each move that stands. Used by the agent's loop only, so not thread-safe but for the
/// <c>changed</c> callback, which any thread may call.
/// </summary>
internal sealed class SilenceWatch(IProxyTraffic traffic, TimeProvider time, Action changed) : IDisposable
{
    // A running request is named only once it has held a move up for this long: most moves are silent at once.
    private static readonly TimeSpan BusyAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Bucket, Wait> _waits = [];

    private sealed record Wait(long MoveRevision, BasePrefix? Pin, Task Silence, long Since, CancellationTokenSource Stop);

    /// <summary>Whether this very move has fallen silent.</summary>
    public bool IsSilent(Bucket bucket, long moveRevision) =>
        _waits.TryGetValue(bucket, out var wait) && wait.MoveRevision == moveRevision && wait.Silence.IsCompletedSuccessfully;

    /// <summary>Starts to wait for the moves of a table just published, and ends the waits for moves that are over.</summary>
    public void Follow(ClusterView view)
    {
        foreach (var (bucket, wait) in _waits.ToArray())
        {
            if (view.Moves.TryGetValue(bucket, out var move) && move.CreateRevision == wait.MoveRevision)
                continue;
            _waits.Remove(bucket);
            wait.Stop.Cancel();
            wait.Stop.Dispose();
        }
        foreach (var (bucket, move) in view.Moves)
        {
            if (_waits.ContainsKey(bucket))
                continue;
            var stop = new CancellationTokenSource();
            var silence = traffic.WhenSilentAsync(bucket, move.Pin, stop.Token);
            _waits[bucket] = new Wait(move.CreateRevision, move.Pin, silence, time.GetTimestamp(), stop);
            silence.ContinueWith(_ => changed(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>What holds moves up for longer than usual.</summary>
    public IEnumerable<KeyValuePair<string, string>> Busy()
    {
        foreach (var (bucket, wait) in _waits)
        {
            if (!wait.Silence.IsCompleted && time.GetElapsedTime(wait.Since) >= BusyAfter
                && traffic.BusyWith(bucket, wait.Pin) is { } busy)
            {
                yield return new(bucket.ToString(), busy);
            }
        }
    }

    /// <summary>When a wait that is not over yet would become worth naming; null: there is none.</summary>
    public TimeSpan? NextBusy()
    {
        TimeSpan? next = null;
        foreach (var wait in _waits.Values)
        {
            var left = BusyAfter - time.GetElapsedTime(wait.Since);
            if (!wait.Silence.IsCompleted && left > TimeSpan.Zero && (next is null || left < next))
                next = left;
        }
        return next;
    }

    public void Dispose()
    {
        foreach (var wait in _waits.Values)
        {
            wait.Stop.Cancel();
            wait.Stop.Dispose();
        }
        _waits.Clear();
    }
}
