using System.Collections.Frozen;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Core.Routing;

/// <summary>
/// Who owns what, whole, as of one store revision (S7). Immutable but for the counts inside its entries.
/// </summary>
public sealed class RoutingTable
{
    private readonly RoutingEntry[] _buckets;
    private readonly FrozenDictionary<uint, RoutingEntry[]>? _pinsByHead;

    /// <summary>Makes a table.</summary>
    /// <param name="clusterId">Identity of the store it was read from.</param>
    /// <param name="revision">The one store revision it mirrors.</param>
    /// <param name="buckets">256 entries, by bucket.</param>
    /// <param name="pins">Entries of the pins.</param>
    /// <param name="nodes">The registered nodes.</param>
    /// <param name="stale">True for a table from disk, served while the store is away.</param>
    /// <exception cref="ArgumentException">Not 256 entries, or one in the wrong place.</exception>
    public RoutingTable(
        ulong clusterId,
        long revision,
        IReadOnlyList<RoutingEntry> buckets,
        IReadOnlyCollection<RoutingEntry> pins,
        IEnumerable<NodeRecord> nodes,
        bool stale = false)
    {
        ArgumentNullException.ThrowIfNull(buckets);
        ArgumentNullException.ThrowIfNull(pins);
        if (buckets.Count != Bucket.Count)
            throw new ArgumentException($"A routing table has {Bucket.Count} buckets, not {buckets.Count}.", nameof(buckets));
        for (var i = 0; i < buckets.Count; i++)
        {
            if (buckets[i].Bucket.Index != i || buckets[i].Pin is not null)
                throw new ArgumentException($"Entry {i} is of bucket {buckets[i].Bucket}.", nameof(buckets));
        }
        ClusterId = clusterId;
        Revision = revision;
        IsStale = stale;
        _buckets = [.. buckets];
        Pins = [.. pins.OrderBy(p => p.Pin)];
        // Not frozen: read for the few requests whose node is looked up by id, made anew with every table.
        Nodes = nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
        // Longest first, so that the first that covers a base is the most specific.
        _pinsByHead = Pins.Count == 0 ? null : Pins
            .GroupBy(p => p.Pin!.Value.Head)
            .ToFrozenDictionary(g => g.Key, g => g.OrderByDescending(p => p.Pin!.Value.Digits).ToArray());
    }

    private RoutingTable(RoutingTable other, long revision)
    {
        ClusterId = other.ClusterId;
        Revision = revision;
        IsStale = other.IsStale;
        _buckets = other._buckets;
        _pinsByHead = other._pinsByHead;
        Pins = other.Pins;
        Nodes = other.Nodes;
    }

    /// <summary>The same table as of a later revision, at which nothing that it holds had changed.</summary>
    public RoutingTable AsOf(long revision) => new(this, revision);

    /// <summary>Identity of the store that this table was read from.</summary>
    public ulong ClusterId { get; }

    /// <summary>The store revision that this table mirrors.</summary>
    public long Revision { get; }

    /// <summary>True for a table that came from disk and has not been confirmed by the store.</summary>
    public bool IsStale { get; }

    /// <summary>The 256 entries, by bucket.</summary>
    public IReadOnlyList<RoutingEntry> Buckets => _buckets;

    /// <summary>Whether any bucket is open: somebody can be routed to.</summary>
    public bool HasOpenBucket => Array.Exists(_buckets, static e => e.State == EntryState.Open);

    /// <summary>The entries of pins, in rising order.</summary>
    public IReadOnlyList<RoutingEntry> Pins { get; }

    /// <summary>The registered nodes by id.</summary>
    public IReadOnlyDictionary<string, NodeRecord> Nodes { get; }

    /// <summary>The bucket's entry.</summary>
    public RoutingEntry this[Bucket bucket] => _buckets[bucket.Index];

    /// <summary>The entry that a request for <paramref name="id"/> goes by: the most specific pin, else the bucket.</summary>
    public RoutingEntry Find(BaseId id)
    {
        if (_pinsByHead is not null && _pinsByHead.TryGetValue((uint)(id.Value >> 96), out var pins))
        {
            foreach (var pin in pins)
            {
                if (pin.Pin!.Value.Covers(id))
                    return pin;
            }
        }
        return _buckets[id.Bucket.Index];
    }

    /// <summary>A table of revision 0 in which nothing has an owner.</summary>
    public static RoutingTable Empty { get; } = new(
        0, 0,
        [.. Bucket.All.Select(b => new RoutingEntry { Bucket = b, State = EntryState.Unassigned })],
        [], []);
}
