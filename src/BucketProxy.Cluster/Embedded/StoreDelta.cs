using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>What a batch of changes leaves of the rows it touches: each row once, as it is in the end.</summary>
internal sealed class StoreDelta
{
    private readonly Dictionary<string, StoreEntry?> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<long, LeaseGrant?> _leases = [];

    public StoreDelta(IReadOnlyList<StoreChange> changes, long revision)
    {
        Revision = revision;
        foreach (var change in changes)
        {
            switch (change)
            {
                case StoreChange.Written written:
                    foreach (var e in written.Events)
                        _entries[e.Key] = e.Entry;
                    Revision = written.Revision;
                    break;
                case StoreChange.LeaseGranted granted:
                    _leases[granted.LeaseId] = new LeaseGrant(granted.LeaseId, granted.TimeToLive);
                    break;
                case StoreChange.LeaseEnded ended:
                    _leases[ended.LeaseId] = null;
                    break;
            }
        }
    }

    /// <summary>The revision after it.</summary>
    public long Revision { get; }

    /// <summary>Keys; null: deleted.</summary>
    public IReadOnlyDictionary<string, StoreEntry?> Entries => _entries;

    /// <summary>Leases; null: ended.</summary>
    public IReadOnlyDictionary<long, LeaseGrant?> Leases => _leases;
}
