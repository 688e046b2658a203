using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// What was acknowledged, in memory: the state to go back to when a commit fails, and to write anew from. After a failed
/// fsync no file can be asked for it.
/// </summary>
internal sealed class StoreContent
{
    private readonly Dictionary<string, StoreEntry> _entries;
    private readonly Dictionary<long, LeaseGrant> _leases;

    public StoreContent(StoreModelState state, long commits)
    {
        (ClusterId, Revision, Commits) = (state.ClusterId, state.Revision, commits);
        _entries = state.Entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        _leases = state.Leases.ToDictionary(l => l.LeaseId);
        Rows = _entries.Values.Sum(RowChecksum.Of) + _leases.Values.Sum(Check);
    }

    public ulong ClusterId { get; }

    public long Revision { get; private set; }

    /// <summary>How many commits made it, over all starts.</summary>
    public long Commits { get; private set; }

    /// <summary>The sum of all rows' checksums.</summary>
    public long Rows { get; private set; }

    public IReadOnlyCollection<StoreEntry> Entries => _entries.Values;

    public IReadOnlyCollection<LeaseGrant> Leases => _leases.Values;

    /// <summary>What <see cref="Rows"/> is after a commit of the delta.</summary>
    public long RowsAfter(StoreDelta delta)
    {
        var rows = Rows;
        foreach (var (key, after) in delta.Entries)
            rows += Check(after) - Check(_entries.GetValueOrDefault(key));
        foreach (var (id, after) in delta.Leases)
            rows += Check(after) - Check(_leases.GetValueOrDefault(id));
        return rows;
    }

    /// <summary>Takes a commit in.</summary>
    public void Apply(StoreDelta delta)
    {
        Rows = RowsAfter(delta);
        Revision = delta.Revision;
        Commits++;
        foreach (var (key, after) in delta.Entries)
        {
            if (after is null)
                _entries.Remove(key);
            else
                _entries[key] = after;
        }
        foreach (var (id, after) in delta.Leases)
        {
            if (after is null)
                _leases.Remove(id);
            else
                _leases[id] = after;
        }
    }

    public StoreModelState Capture() => new(
        ClusterId, Revision, [.. _entries.Values.OrderBy(e => e.Key, StringComparer.Ordinal)], [.. _leases.Values.OrderBy(l => l.LeaseId)]);

    private static long Check(StoreEntry? entry) => entry is null ? 0 : RowChecksum.Of(entry);

    private static long Check(LeaseGrant? lease) => lease is null ? 0 : RowChecksum.OfLease(lease.LeaseId, (long)lease.TimeToLive.TotalSeconds);
}
