using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Cluster.View;

/// <summary>
/// Turns a view into the table that requests are routed by. Pure, but for the identity of entries: an entry that describes
/// the same grant stays the same object, so that what is in flight through it stays counted; any other is a new object.
/// </summary>
public static class RoutingTableBuilder
{
    /// <summary>The table that <paramref name="view"/> describes.</summary>
    /// <param name="previous">The table in force: its entries are kept where nothing about them changed, and it remembers the
    /// addresses of nodes that are not registered any more.</param>
    /// <param name="view">The view.</param>
    /// <param name="own">The node behind the gate that the table is for; null: the table is a proxy's.</param>
    public static RoutingTable Build(RoutingTable previous, ClusterView view, OwnServer? own = null)
    {
        ArgumentNullException.ThrowIfNull(previous);
        ArgumentNullException.ThrowIfNull(view);
        var pins = PinsOf(view);
        var touched = BucketsWhosePinsChanged(previous, pins);
        var previousPins = previous.Pins.ToDictionary(p => p.Pin!.Value);

        // By index: one walk through each map is much cheaper than a search in it for each of the buckets.
        var grants = new Grant?[Bucket.Count];
        foreach (var (bucket, grant) in view.Assignments)
            grants[bucket.Index] = grant;
        var moves = new MoveRecord?[Bucket.Count];
        foreach (var (bucket, move) in view.Moves)
            moves[bucket.Index] = move.Pin is null ? move : null;

        var buckets = new RoutingEntry[Bucket.Count];
        for (var i = 0; i < buckets.Length; i++)
        {
            var before = previous.Buckets[i];
            var renew = touched.Count > 0 && touched.Contains(before.Bucket);
            buckets[i] = !renew && grants[i] is null && moves[i] is null && before is { State: EntryState.Unassigned, Owner: null, Epoch: 0 }
                ? before
                : Entry(previous, view, own, before, before.Bucket, null, grants[i], moves[i], renew);
        }
        var pinEntries = new List<RoutingEntry>(pins.Count);
        foreach (var pin in pins)
        {
            var move = view.Moves.TryGetValue(pin.Bucket, out var m) && m.Pin == pin ? m : null;
            var grant = view.Pins.GetValueOrDefault(pin) ?? view.Assignments.GetValueOrDefault(pin.Bucket);
            pinEntries.Add(Entry(
                previous, view, own, previousPins.GetValueOrDefault(pin), pin.Bucket, pin, grant, move, touched.Contains(pin.Bucket)));
        }
        return new RoutingTable(view.ClusterId, view.Revision, buckets, pinEntries, view.Nodes.Values);
    }

    // A pin that is only about to move has no key yet, and must already be held back.
    private static SortedSet<BasePrefix> PinsOf(ClusterView view)
    {
        var pins = new SortedSet<BasePrefix>(view.Pins.Keys);
        foreach (var move in view.Moves.Values)
        {
            if (move.Pin is { } pin)
                pins.Add(pin);
        }
        return pins;
    }

    // A base that changes between the bucket's entry and a pin's must leave the old object, so all of the bucket are made anew.
    private static HashSet<Bucket> BucketsWhosePinsChanged(RoutingTable previous, SortedSet<BasePrefix> pins)
    {
        var before = previous.Pins.Select(p => p.Pin!.Value).ToHashSet();
        return [.. before.Except(pins).Concat(pins.Except(before)).Select(p => p.Bucket)];
    }

    private static RoutingEntry Entry(
        RoutingTable previous, ClusterView view, OwnServer? own, RoutingEntry? before, Bucket bucket, BasePrefix? pin, Grant? grant, MoveRecord? move, bool renew)
    {
        var owner = grant is null ? null : Resolve(previous, view, before, grant.Owner);
        var epoch = grant?.Epoch ?? 0;
        if (grant is not null && owner is null && before?.Owner is { } last && view.Nodes.TryGetValue(last.Id, out var stays))
        {
            // An assignment to a node nobody ever heard of: reported as a problem, and the last good one stays. Nobody else can
            // hold the base: as soon as the named node registers, it is known and gets its requests.
            owner = stays;
            epoch = before.Epoch;
        }
        // G1, G2: what is this gate's own goes to its server's present run, behind the gate, and only while that may be.
        var isOwn = own is not null && owner?.Id == own.NodeId;
        if (isOwn)
            owner = own!.BehindGate(owner!);
        var entry = new RoutingEntry
        {
            Bucket = bucket,
            Pin = pin,
            State = move is not null ? EntryState.Moving
                : owner is null || (isOwn && !own!.Admits) ? EntryState.Unassigned
                : EntryState.Open,
            Owner = owner,
            Epoch = epoch,
            MoveRevision = move?.CreateRevision ?? 0,
        };
        return !renew && before is not null && before.DescribesSameAs(entry) ? before : entry;
    }

    // An owner without a registration keeps its buckets until the monitor decides otherwise: it may be alive and hold them in
    // memory. It is reached where it was last known to be; if it is dead, connections are refused and requests are held.
    private static NodeRecord? Resolve(RoutingTable previous, ClusterView view, RoutingEntry? before, string id)
    {
        if (view.Nodes.TryGetValue(id, out var registered))
            return registered;
        if (view.KnownNodes.TryGetValue(id, out var known) && NodeRegistration.TryParseUrl(known.LocalUrl, out var url))
        {
            return new NodeRecord
            {
                Id = id,
                LocalUrl = url,
                LocalUrlText = known.LocalUrl,
                NodeUrl = known.NodeUrl,
                StartTime = known.StartTime,
                CreateRevision = known.CreateRevision,
                Gate = known.Gate,
            };
        }
        if (before?.Owner is { } last && last.Id == id)
            return last;
        return previous.Nodes.GetValueOrDefault(id) ?? previous.Buckets.FirstOrDefault(e => e.Owner?.Id == id)?.Owner;
    }
}
