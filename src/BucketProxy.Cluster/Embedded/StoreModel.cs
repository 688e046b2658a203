using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// A model of etcd's multi-version store: one revision counter, history to watch from, compaction, compare-transactions,
/// leases. Synchronous and deterministic: no I/O, no tasks, no clock (virtual time is passed in). Not thread-safe.
/// </summary>
/// <remarks>
/// All keys stand in one sorted list: a cluster has some hundreds to thousands of keys, where moving a few kilobytes of
/// references is faster than any tree, a prefix is a slice, and a clone is a copy.
/// </remarks>
public sealed partial class StoreModel
{
    /// <summary>Operations, and comparisons, that one branch of a transaction may have: etcd's default.</summary>
    public const int MaxOperations = 128;

    /// <summary>Bytes of keys and values that one transaction may carry: etcd's default, 1.5 MiB.</summary>
    public const int MaxRequestBytes = 3 * 512 * 1024;

    private readonly List<StoreEntry> _entries;
    private readonly List<WatchEvent> _history;
    private readonly Dictionary<long, StoreLease> _leases;
    private ulong _leaseSeed;

    /// <summary>Makes an empty store at revision 1, as a new etcd is.</summary>
    /// <param name="clusterId">Its identity, not 0.</param>
    /// <param name="leaseSeed">Lease ids follow from it. A store that is restored needs another one than it had, or it
    /// would give the ids of leases that it forgot to somebody else.</param>
    public StoreModel(ulong clusterId, ulong leaseSeed)
        : this(clusterId, leaseSeed, 1, 1, [], [], [])
    {
    }

    private StoreModel(
        ulong clusterId, ulong leaseSeed, long revision, long compactRevision,
        List<StoreEntry> entries, List<WatchEvent> history, Dictionary<long, StoreLease> leases)
    {
        ClusterId = clusterId;
        _leaseSeed = leaseSeed;
        Revision = revision;
        CompactRevision = compactRevision;
        _entries = entries;
        _history = history;
        _leases = leases;
    }

    /// <summary>Identity of the store.</summary>
    public ulong ClusterId { get; }

    /// <summary>The revision of the last change; 1 in a new store.</summary>
    public long Revision { get; private set; }

    /// <summary>The oldest revision that can be watched from.</summary>
    public long CompactRevision { get; private set; }

    /// <summary>How many keys there are.</summary>
    public int Count => _entries.Count;

    /// <summary>How many changes the history holds.</summary>
    public int HistoryCount => _history.Count;

    /// <summary>Told of every change, in order, after it was made.</summary>
    public Action<StoreChange>? Changed { get; set; }

    /// <summary>The key's present state, or null.</summary>
    public StoreEntry? Find(string key)
    {
        var index = IndexOf(key);
        return index < 0 ? null : _entries[index];
    }

    /// <summary>All keys under the prefixes, at the present revision.</summary>
    public StoreSnapshot Read(IReadOnlyList<string> prefixes)
    {
        ArgumentNullException.ThrowIfNull(prefixes);
        var found = new List<StoreEntry>();
        foreach (var prefix in PrefixSet.Disjoint(prefixes))
            AddUnder(prefix, found);
        return new StoreSnapshot(ClusterId, Revision, found);
    }

    /// <summary>
    /// All changes under the prefixes from a revision on, up to the present one; null when the store has not come to that
    /// revision yet.
    /// </summary>
    /// <exception cref="StoreCompactedException">They are gone.</exception>
    public WatchBatch? ChangesFrom(IReadOnlyList<string> prefixes, long fromRevision)
    {
        ArgumentNullException.ThrowIfNull(prefixes);
        if (fromRevision < CompactRevision)
            throw new StoreCompactedException(CompactRevision);
        if (fromRevision > Revision)
            return null;
        var events = new List<WatchEvent>();
        for (var i = FirstInHistory(fromRevision); i < _history.Count; i++)
        {
            if (PrefixSet.Holds(prefixes, _history[i].Key))
                events.Add(_history[i]);
        }
        return new WatchBatch(ClusterId, Revision, events);
    }

    /// <summary>Forgets the history before a revision. A revision that is forgotten already changes nothing.</summary>
    /// <exception cref="StoreRejectedException">The store has not come to that revision yet.</exception>
    public void Compact(long revision)
    {
        if (revision > Revision)
            throw new StoreRejectedException($"Revision {revision} is in the future: the store is at {Revision}.");
        if (revision <= CompactRevision)
            return;
        _history.RemoveRange(0, FirstInHistory(revision));
        CompactRevision = revision;
    }

    /// <summary>Compacts once the history holds more than twice <paramref name="keep"/> changes, down to about
    /// <paramref name="keep"/>.</summary>
    public void TrimHistory(int keep)
    {
        if (_history.Count > 2 * keep)
            Compact(_history[^keep].Revision);
    }

    /// <summary>A store of its own with the same content, history and leases.</summary>
    public StoreModel Clone() => new(
        ClusterId, _leaseSeed, Revision, CompactRevision, [.. _entries], [.. _history],
        _leases.ToDictionary(l => l.Key, l => l.Value.Clone()));

    /// <summary>The present content as a value.</summary>
    public StoreModelState Capture() => new(
        ClusterId, Revision, [.. _entries],
        [.. _leases.Values.OrderBy(l => l.Id).Select(l => new LeaseGrant(l.Id, l.TimeToLive))]);

    /// <summary>A store with the given content and no history. Every lease has its full time to live again.</summary>
    /// <param name="state">The content.</param>
    /// <param name="leaseSeed">Another one than the store had before.</param>
    /// <param name="now">Virtual time.</param>
    public static StoreModel Restore(StoreModelState state, ulong leaseSeed, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var model = new StoreModel(
            state.ClusterId, leaseSeed, state.Revision, state.Revision + 1, [.. state.Entries], [],
            state.Leases.ToDictionary(l => l.LeaseId, l => new StoreLease(l.LeaseId, l.TimeToLive, now + l.TimeToLive)));
        foreach (var entry in state.Entries.Where(e => e.LeaseId != 0))
            model._leases[entry.LeaseId].Keys.Add(entry.Key);
        return model;
    }

    private int IndexOf(string key)
    {
        int low = 0, high = _entries.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(_entries[middle].Key, key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    private void AddUnder(string prefix, List<StoreEntry> found)
    {
        var index = IndexOf(prefix);
        for (var i = index < 0 ? ~index : index; i < _entries.Count; i++)
        {
            if (!_entries[i].Key.StartsWith(prefix, StringComparison.Ordinal))
                return;
            found.Add(_entries[i]);
        }
    }

    private int FirstInHistory(long revision)
    {
        int low = 0, high = _history.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_history[middle].Revision < revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Takes an event into keys, leases and history. The caller moves the revision.</summary>
    private void Store(WatchEvent e)
    {
        var index = IndexOf(e.Key);
        if (index >= 0 && _entries[index].LeaseId is var before and not 0 && before != (e.Entry?.LeaseId ?? 0))
            _leases[before].Keys.Remove(e.Key);
        if (e.Entry is null)
            _entries.RemoveAt(index);
        else if (index >= 0)
            _entries[index] = e.Entry;
        else
            _entries.Insert(~index, e.Entry);
        if (e.Entry is { LeaseId: var lease and not 0 })
            _leases[lease].Keys.Add(e.Key);
        _history.Add(e);
    }
}
