using System.Text.Json;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Mirror;

/// <summary>
/// What was seen of a store's history: every entry, how far, and what the watch has told of it. It answers whether a snapshot goes on where
/// this ends (S7), and what it brings. Pure but for one log line; guarded by the lock of <see cref="MirroredView"/>.
/// </summary>
/// <param name="keys">How keys are spelled.</param>
/// <param name="logger">Where an acceptance that cannot be read is reported.</param>
/// <param name="seen">How far the store was seen by earlier processes, or null.</param>
internal sealed class SeenHistory(KeySchema keys, ILogger logger, StoreMark? seen)
{
    // Keys that the watch deleted since the comparing read under way was sent, with the revision.
    private readonly Dictionary<string, long> _deleted = new(StringComparer.Ordinal);
    private Dictionary<string, StoreEntry> _entries = new(StringComparer.Ordinal);
    private StoreMark? _mark = seen;

    /// <summary>What a comparing read knows and the watch has not told.</summary>
    internal enum Miss
    {
        /// <summary>The watch told everything.</summary>
        Nothing,

        /// <summary>The read is ahead of the watch.</summary>
        Late,

        /// <summary>The watch says that it delivered everything up to a revision, and did not.</summary>
        Skipped,
    }

    /// <summary>How far it was seen; null: never. May be read without the lock.</summary>
    public StoreMark? Mark => Volatile.Read(ref _mark);

    /// <summary>Up to which revision the watch says that it delivered everything.</summary>
    public long Delivered { get; private set; }

    /// <summary>The key of operators' words about restored stores.</summary>
    public string AcceptedKey { get; } = keys.Policies + "accepted";

    /// <summary>A watch begins behind a snapshot.</summary>
    public void WatchFrom(long revision) => Delivered = revision;

    /// <summary>A linearizable read is about to be sent: it shows at least the revision that is returned.</summary>
    public long BeginRead()
    {
        _deleted.Clear();
        return _mark?.Revision ?? 0;
    }

    /// <summary>What the snapshot knows and the watch has not told. The watch may also be ahead of the snapshot; that is nothing.</summary>
    public Miss Missed(StoreSnapshot snapshot)
    {
        var miss = Miss.Nothing;
        var left = new HashSet<string>(_entries.Keys, StringComparer.Ordinal);
        foreach (var entry in snapshot.Entries)
        {
            left.Remove(entry.Key);
            var toldUpTo = _entries.TryGetValue(entry.Key, out var known) ? known.ModRevision
                : _deleted.GetValueOrDefault(entry.Key);
            if (toldUpTo < entry.ModRevision)
                Note(at: entry.ModRevision);
        }
        foreach (var key in left)
        {
            if (_entries[key].ModRevision <= snapshot.Revision)
                Note(at: snapshot.Revision);
        }
        return miss;

        void Note(long at) => miss = at <= Delivered ? Miss.Skipped : miss == Miss.Skipped ? miss : Miss.Late;
    }

    /// <summary>
    /// Why a snapshot is not the history that was seen; null: it is. A store that was seen further, or is another one, must not take the
    /// view's place: epochs would fall, and owners of long ago would come back while the present ones hold their bases in memory.
    /// </summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="sinceRevision">What <see cref="BeginRead"/> said.</param>
    public string? Doubt(StoreSnapshot snapshot, long sinceRevision)
    {
        if (_mark is not { } mark)
            return null;
        if (snapshot.ClusterId != mark.ClusterId)
            return $"it is another store: its cluster id is {snapshot.ClusterId:x}, {mark.ClusterId:x} was seen before";
        if (snapshot.Revision < sinceRevision)
            return $"its revision ran backwards: it is at {snapshot.Revision}, {sinceRevision} was seen before; it was restored from a backup";
        if (snapshot.Entries.FirstOrDefault(e => IsOfAnotherHistory(e, sinceRevision)) is { } entry)
            return $"its history is another one: {entry.Key} is not at revision {entry.ModRevision} what was seen before";
        // S7: all owners gone at once is no decision of any monitor, but a store that was emptied.
        if (mark.HasOwners && !snapshot.Entries.Any(IsAssignment))
            return "it holds no assignment at all any more";
        return null;
    }

    /// <summary>
    /// Whether an operator has accepted the snapshot's history in place of this one. A word that was in the history already is not for this
    /// one: a backup can hold the word about an earlier backup.
    /// </summary>
    public bool IsAccepted(StoreSnapshot snapshot) =>
        AcceptanceIn(snapshot.Entries.FirstOrDefault(e => e.Key == AcceptedKey)) is { } acceptance
        && acceptance.ClusterId == snapshot.ClusterId
        && acceptance.Abandoned >= _mark!.Revision
        && acceptance.Id != _mark.Acceptance;

    /// <summary>Another history begins: nothing of the one before says anything about it.</summary>
    public void Forget() => _entries = [];

    /// <summary>Takes a whole snapshot; answers what it changes.</summary>
    public List<WatchEvent> Take(StoreSnapshot snapshot)
    {
        var changes = ChangesTo(snapshot);
        _entries = snapshot.Entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        return changes;
    }

    /// <summary>Takes what a watch told.</summary>
    /// <param name="news">Its changes that are new.</param>
    /// <param name="upTo">The revision that it is complete up to.</param>
    public void Take(IReadOnlyList<WatchEvent> news, long upTo)
    {
        Delivered = Math.Max(Delivered, upTo);
        foreach (var change in news)
        {
            if (change.Entry is { } entry)
            {
                _entries[change.Key] = entry;
            }
            else
            {
                _entries.Remove(change.Key);
                _deleted[change.Key] = change.Revision;
            }
        }
    }

    /// <summary>The history was seen up to a revision.</summary>
    public void Reach(ulong clusterId, long revision, bool hasOwners)
    {
        var acceptance = _entries.TryGetValue(AcceptedKey, out var entry) ? AcceptanceIn(entry)?.Id : null;
        var furthest = _mark is { } mark && mark.ClusterId == clusterId && mark.Acceptance == acceptance
            ? Math.Max(mark.Revision, revision)
            : revision;
        Volatile.Write(ref _mark, new StoreMark(clusterId, furthest, acceptance, hasOwners));
    }

    // A store that was restored and has since been written further than what was seen. One revision has one value in one
    // history, and the revision of a key never falls.
    private bool IsOfAnotherHistory(StoreEntry entry, long sinceRevision) =>
        _entries.TryGetValue(entry.Key, out var known) && (known.ModRevision == entry.ModRevision
            ? !known.Value.Span.SequenceEqual(entry.Value.Span)
            : known.ModRevision > entry.ModRevision && known.ModRevision <= sinceRevision);

    private bool IsAssignment(StoreEntry entry) => entry.Key.StartsWith(keys.Assignments, StringComparison.Ordinal);

    private StoreAcceptance? AcceptanceIn(StoreEntry? entry)
    {
        if (entry is null)
            return null;
        try
        {
            return RecordJson.Read<StoreAcceptance>(entry.Value.Span);
        }
        catch (JsonException e)
        {
            Log.AcceptanceUnreadable(logger, AcceptedKey, e.Message);
            return null;
        }
    }

    private List<WatchEvent> ChangesTo(StoreSnapshot snapshot)
    {
        var changes = new List<WatchEvent>();
        var left = new HashSet<string>(_entries.Keys, StringComparer.Ordinal);
        foreach (var entry in snapshot.Entries)
        {
            if (left.Remove(entry.Key))
            {
                var known = _entries[entry.Key];
                if (known.ModRevision == entry.ModRevision)
                    continue;
                // It was deleted in between: what it said before is over, also if its new value cannot be read.
                if (known.CreateRevision != entry.CreateRevision)
                    changes.Add(new WatchEvent(entry.Key, entry.CreateRevision, null));
            }
            changes.Add(new WatchEvent(entry.Key, entry.ModRevision, entry));
        }
        changes.AddRange(left.Select(key => new WatchEvent(key, snapshot.Revision, null)));
        return changes;
    }
}
