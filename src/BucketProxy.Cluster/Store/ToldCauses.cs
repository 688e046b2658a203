namespace BucketProxy.Cluster.Store;

/// <summary>
/// Which causes of a trouble with the store were told: each is told once, until the trouble has been over for a while. What fails and succeeds by
/// turns, as a read that may and a watch that may not, is one trouble. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class ToldCauses(TimeProvider time)
{
    // So many different words are no causes any more.
    private const int Limit = 100;

    /// <summary>How long it must have been well for the trouble to be over.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private long? _wellSince;

    /// <summary>Something failed. True: this cause is to be told.</summary>
    public bool IsNews(string cause)
    {
        lock (_lock)
        {
            if (_wellSince is { } since && time.GetElapsedTime(since) >= Calm)
                _told.Clear();
            _wellSince = null;
            return _told.Count < Limit && _told.Add(cause);
        }
    }

    /// <summary>Something went well. True: the trouble that was told is over, which is told once.</summary>
    public bool IsOver()
    {
        lock (_lock)
        {
            if (_told.Count == 0)
                return false;
            _wellSince ??= time.GetTimestamp();
            if (time.GetElapsedTime(_wellSince.Value) < Calm)
                return false;
            _told.Clear();
            _wellSince = null;
            return true;
        }
    }
}
