using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>Routing tables for tests. Entries that describe the same stay the same objects, as the mirror keeps them.</summary>
internal sealed class Tables
{
    /// <summary>The identity of the store that all tables come from.</summary>
    public const ulong StoreId = 1;

    private readonly CurrentTable _current = new();
    private readonly Dictionary<Bucket, RoutingEntry> _buckets = [];
    private readonly Dictionary<BasePrefix, RoutingEntry> _pins = [];
    private readonly Dictionary<string, NodeRecord> _nodes = [];
    private long _revision;

    public CurrentTable Current => _current;

    public Tables Node(params NodeRecord[] nodes)
    {
        foreach (var node in nodes)
            _nodes[node.Id] = node;
        return this;
    }

    /// <summary>Opens every bucket to one node.</summary>
    public Tables OpenAll(NodeRecord owner)
    {
        Node(owner);
        foreach (var bucket in Bucket.All)
            Open(bucket, owner);
        return this;
    }

    public Tables Open(Bucket bucket, NodeRecord owner, BasePrefix? pin = null)
    {
        Node(owner);
        return Set(bucket, pin, new RoutingEntry { Bucket = bucket, Pin = pin, State = EntryState.Open, Owner = owner, Epoch = ++_revision });
    }

    public Tables Moving(Bucket bucket, NodeRecord? owner, BasePrefix? pin = null, long epoch = 1) => Set(
        bucket, pin, new RoutingEntry { Bucket = bucket, Pin = pin, State = EntryState.Moving, Owner = owner, Epoch = epoch, MoveRevision = ++_revision });

    /// <summary>Opens again under the same owner and epoch: a move that was given up.</summary>
    public Tables Reopen(RoutingEntry entry) => Set(
        entry.Bucket, entry.Pin, new RoutingEntry { Bucket = entry.Bucket, Pin = entry.Pin, State = EntryState.Open, Owner = entry.Owner, Epoch = entry.Epoch });

    public Tables Unassigned(Bucket bucket, BasePrefix? pin = null) =>
        Set(bucket, pin, new RoutingEntry { Bucket = bucket, Pin = pin, State = EntryState.Unassigned });

    /// <summary>A gate's own, which takes nothing at the moment.</summary>
    public Tables Restarting(Bucket bucket, NodeRecord owner) =>
        Set(bucket, null, new RoutingEntry { Bucket = bucket, State = EntryState.Unassigned, Owner = owner, Epoch = ++_revision });

    /// <summary>The revision of the table that was published last.</summary>
    public long Revision => _current.Table.Revision;

    /// <summary>Publishes as of a later revision.</summary>
    public RoutingTable PublishAt(long revision)
    {
        _revision = Math.Max(_revision, revision - 1);
        return Publish();
    }

    public RoutingTable Publish()
    {
        var table = new RoutingTable(
            StoreId, ++_revision,
            [.. Bucket.All.Select(b => _buckets.TryGetValue(b, out var e) ? e : _buckets[b] = new RoutingEntry { Bucket = b, State = EntryState.Unassigned })],
            _pins.Values, _nodes.Values);
        _current.Publish(table);
        return table;
    }

    private Tables Set(Bucket bucket, BasePrefix? pin, RoutingEntry entry)
    {
        if (pin is { } prefix)
            _pins[prefix] = entry;
        else
            _buckets[bucket] = entry;
        return this;
    }
}
