using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Simulation;

/// <summary>An invariant does not hold.</summary>
internal sealed class InvariantException(string invariant, string message) : Exception($"{invariant}: {message}")
{
    public string Invariant { get; } = invariant;
}

/// <summary>
/// Sees everything, tells nobody, and checks the invariants at each change. What the design does not promise is excused, and
/// counted: traffic of a proxy that was lost when its dead owner was replaced, and servers that went on living after an
/// unplanned loss.
/// </summary>
internal sealed class Truth
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Processes that lost a base without a release: (node, run, base).</summary>
    private ImmutableHashSet<(int Node, int Run, BaseId Base)> _lost = [];

    /// <summary>Bases taken from a server that the cluster holds for dead, with the revision that says so, and the proxies that had
    /// acknowledged the move by then. Nobody waits for the others.</summary>
    private ImmutableDictionary<(BaseId Base, string Owner), (long Revision, ImmutableHashSet<string> Told)> _losses =
        ImmutableDictionary<(BaseId, string), (long, ImmutableHashSet<string>)>.Empty;

    /// <summary>Proxies that live and were forgotten, and the revision that tells them so.</summary>
    private ImmutableDictionary<string, long> _forgotten = ImmutableDictionary<string, long>.Empty;

    /// <summary>Bases whose owner somebody else has written: at which revision last, and who had them before (of two such
    /// writes in a row nobody may have seen the first).</summary>
    private ImmutableDictionary<BaseId, (long Revision, ImmutableHashSet<string> From)> _foreign =
        ImmutableDictionary<BaseId, (long, ImmutableHashSet<string>)>.Empty;

    /// <summary>Processes that got a request that is excused, and so may hold a base that they had given up.</summary>
    private ImmutableHashSet<(int Node, int Run, BaseId Base)> _astray = [];

    /// <summary>Bases that have been through an unplanned loss: S5 does not cover them from then on.</summary>
    private ImmutableHashSet<BaseId> _tainted = [];

    private ImmutableHashSet<int> _reached = [];
    private ImmutableHashSet<(BaseId Base, int Row)> _written = [];
    private ImmutableHashSet<(BaseId Base, int Row)> _diedWithTheirServer = [];

    public int Grants { get; private set; }

    public int Requests { get; private set; }

    public int Excused { get; private set; }

    public Truth Clone() => (Truth)MemberwiseClone();

    public string Describe() => $"{string.Join(',', _lost.Order())} {string.Join(',', _losses.Select(l => $"{l.Key}:{l.Value.Revision}:{string.Join('/', l.Value.Told.Order())}").Order(StringComparer.Ordinal))} {string.Join(',', _tainted.Order())} "
        + $"{string.Join(',', _forgotten.Order())} {string.Join(',', _foreign.Select(f => $"{f.Key}:{f.Value.Revision}").Order(StringComparer.Ordinal))} {string.Join(',', _astray.Order())}";

    public bool HasLost(NodeActor node) => _lost.Any(l => l.Node == node.Index && l.Run == node.Run);

    /// <summary>An operator says that a proxy is gone, and it is not. Until it hears of that, nothing holds for it.</summary>
    public void OnForgotten(World world, string instance)
    {
        _forgotten = _forgotten.SetItem(instance, world.Store.Revision);
        _tainted = _tainted.Union(world.Options.Bases);
    }

    /// <summary>Whether a proxy may still send to the owner before: its table is older than the loss, and it never said it knew better.</summary>
    private bool IsDeaf(ProxyActor proxy, BaseId id, string owner) =>
        (_losses.TryGetValue((id, owner), out var loss) && proxy.Published.Revision < loss.Revision && !loss.Told.Contains(proxy.Instance) && !loss.Told.Overlaps(proxy.Predecessors))
        || Unheard(proxy.Instance, proxy) || proxy.Predecessors.Any(p => Unheard(p, proxy));

    private bool Unheard(string instance, ProxyActor proxy) =>
        _forgotten.TryGetValue(instance, out var revision) && !(proxy.View?.Revision >= revision);

    /// <summary>Whether a proxy cannot know, or cannot follow, what somebody else wrote: its table is older, or the owner written
    /// there is a server that nobody ever heard of by then.</summary>
    private bool IsMisled(World world, ProxyActor proxy, BaseId id)
    {
        if (!_foreign.TryGetValue(id, out var written))
            return false;
        if (proxy.Published.Revision < written.Revision)
            return true;
        var view = world.Views[(int)proxy.Published.Revision - 1];
        return IsUnheardOf(view, World.OwnerOf(view, id)?.Owner);
    }

    private static bool IsUnheardOf(ClusterView view, string? node) =>
        node is not null && !view.Nodes.ContainsKey(node) && !view.KnownNodes.ContainsKey(node);

    public void OnWritten(BaseId id, int row) => _written = _written.Add((id, row));

    public void OnCrash(World world, NodeActor node)
    {
        foreach (var (id, rows) in node.Memory)
        {
            var stored = world.Stored(id);
            foreach (var row in rows)
            {
                if (!stored.Contains(row))
                    _diedWithTheirServer = _diedWithTheirServer.Add((id, row));
            }
        }
    }

    /// <summary>S7: a table never goes back.</summary>
    public static void OnPublish(ProxyActor proxy, RoutingTable before, RoutingTable after)
    {
        if (after.Revision != 0 && after.Revision < before.Revision)
            throw new InvariantException("S7", $"{proxy.Instance} went back from table {before.Revision} to {after.Revision}");
    }

    /// <summary>S4: a request comes to a server once.</summary>
    public void OnReached(int number, string node)
    {
        if (_reached.Contains(number))
            throw new InvariantException("S4", $"request {number} comes to {node}, and had come to a server before");
        _reached = _reached.Add(number);
    }

    /// <summary>S8: what a proxy routes by is at most 5 s old, as long as it could have heard of newer.</summary>
    private static void CheckFresh(World world, ProxyActor proxy)
    {
        if (proxy.Cut || proxy.Published.IsStale || proxy.Published.Revision >= world.Store.Revision)
            return;
        var newer = world.MadeAt[(int)proxy.Published.Revision];
        if (world.Now - (newer > proxy.ConnectedSince ? newer : proxy.ConnectedSince) > Fresh)
            throw new InvariantException("S8", $"{proxy.Instance} routes by revision {proxy.Published.Revision}, which was no longer the newest {(world.Now - newer).TotalSeconds:F1} s ago");
    }

    /// <summary>S2: a proxy sends only to the owner.</summary>
    public void OnSend(World world, ProxyActor proxy, BaseId id, int node)
    {
        Requests++;
        CheckFresh(world, proxy);
        var target = world.Nodes[node];
        var owner = World.OwnerOf(world.Views[^1], id)?.Owner;
        if (owner == target.Id || (IsUnheardOf(world.Views[^1], owner) && _foreign.TryGetValue(id, out var write) && write.From.Contains(target.Id)))
            return;
        if (IsMisled(world, proxy, id) || IsDeaf(proxy, id, target.Id))
        {
            // Two servers may have it from here on.
            _astray = _astray.Add((node, target.Up ? target.Run : target.Run + 1, id));
            _tainted = _tainted.Add(id);
            Excused++;
            return;
        }
        throw new InvariantException("S2", $"{proxy.Instance} sends a request for {id} to {target.Id}, but {owner} owns it");
    }

    /// <summary>S3: no two processes hold one base.</summary>
    public void OnServe(World world, NodeActor node, BaseId id)
    {
        foreach (var other in world.Nodes)
        {
            if (other == node || !other.Holds(id))
                continue;
            if (_foreign.ContainsKey(id) || _lost.Contains((other.Index, other.Run, id)) || _lost.Contains((node.Index, node.Run, id)) || _tainted.Contains(id))
            {
                _tainted = _tainted.Add(id);
                Excused++;
                continue;
            }
            throw new InvariantException("S3", $"{node.Id} serves {id} while {other.Id} holds it in memory");
        }
    }

    public void OnWrite(World world, WriteCall? byMonitor, ClusterView before, ClusterView after)
    {
        // S6: whatever a monitor changes, it changes as the leader.
        if (byMonitor is { LeaderRevision: > 0 } && before.Leader?.CreateRevision != byMonitor.LeaderRevision)
            throw new InvariantException("S6", $"leader {byMonitor.LeaderRevision} wrote '{byMonitor.Subject}' while {before.Leader?.CreateRevision.ToString() ?? "nobody"} leads");
        Limits(world, after);
        if (ReferenceEquals(before.Assignments, after.Assignments) && ReferenceEquals(before.Pins, after.Pins))
            return;
        foreach (var id in world.Options.Bases)
            OnGrant(world, byMonitor, before, after, id);
    }

    private void OnGrant(World world, WriteCall? byMonitor, ClusterView before, ClusterView after, BaseId id)
    {
        var old = World.OwnerOf(before, id);
        var grant = World.OwnerOf(after, id);
        if (grant is null || old?.Owner == grant.Owner)
            return;
        Grants++;
        if (old is not null && grant.Epoch <= old.Epoch)
            throw new InvariantException("S1", $"the epoch of {id} fell from {old.Epoch} to {grant.Epoch}");
        var next = world.Nodes[world.NodeIndex(grant.Owner)];
        if (byMonitor is null)
        {
            // Somebody else takes a base from its server and asks nobody: from then on nothing holds for it but S1.
            var held = _foreign.TryGetValue(id, out var earlier) ? earlier.From : [];
            _foreign = _foreign.SetItem(id, (after.Revision, old is null ? held : held.Add(old.Owner)));
            _tainted = _tainted.Add(id);
            return;
        }
        // What somebody else gave to a server that does not exist goes back to the one that holds it all the time, and gets its
        // requests; its registration may have gone meanwhile.
        if (_foreign.TryGetValue(id, out var write) && write.From.Contains(grant.Owner) && byMonitor.Subject.StartsWith("unclean/", StringComparison.Ordinal))
            return;
        if (!before.Nodes.TryGetValue(grant.Owner, out var registration))
            throw new InvariantException("S1", $"{id} is granted to {grant.Owner}, which is not registered");
        if (next.Up && !_foreign.ContainsKey(id) && registration.StartTime == next.StartTime && _lost.Contains((next.Index, next.Run, id)))
            throw new InvariantException("S9", $"{id} is granted to {grant.Owner}, whose process lost it without a release");
        if (old is null)
            return;

        var move = before.Moves.GetValueOrDefault(id.Bucket);
        if (move is null || move.From != old.Owner || move.To != grant.Owner || move.Epoch != old.Epoch
            || (move.Pin is null) != !before.Pins.Keys.Any(p => p.Covers(id)))
        {
            throw new InvariantException("S1", $"{id} goes from {old.Owner} (epoch {old.Epoch}) to {grant.Owner} without a move that says so");
        }
        // A planned move whose old owner dies on the way ends like an orphan's: what makes it a loss is that it is written down as one.
        if (!before.Nodes.ContainsKey(old.Owner) && after.Uncleans.GetValueOrDefault(id.Bucket)?.ModRevision == after.Revision)
        {
            _losses = _losses.SetItem((id, old.Owner), (after.Revision, [.. before.Proxies
                .Where(p => p.Value.Silent.GetValueOrDefault(id.Bucket.ToString()) == move.CreateRevision).Select(p => p.Key)]));
        }
        if (!_foreign.ContainsKey(id))
            Leaving(world, before, after, id, old.Owner, next, move);
    }

    private void Leaving(
        World world, ClusterView before, ClusterView after, BaseId id, string owner, NodeActor next, MoveRecord move)
    {
        var from = world.Nodes[world.NodeIndex(owner)];
        var written = after.Uncleans.GetValueOrDefault(id.Bucket)?.Processes
            .Any(p => p.NodeId == from.Id && (p.StartTime is null || p.StartTime == from.StartTime)) == true;
        var registered = before.Nodes.ContainsKey(owner);
        // Saved and unloaded, it may lose its registration before the grant: that was a release all the same.
        var unreleased = move.Reason == MoveReason.Orphan
            || (from.Holds(id) && !_astray.Contains((from.Index, from.Run, id)));
        if (from.Up && !registered && unreleased)
        {
            // It lives, but nobody in the cluster can know more than its ping says.
            var known = world.Options.Monitor;
            if (!from.Unreachable && world.Now - from.ReachableSince > 2 * (known.PingInterval + known.PingTimeout) + known.NodeGrace
                && before.NodePolicies.GetValueOrDefault(owner)?.ProcessGone is null)
            {
                throw new InvariantException("S9", $"{owner} lost {id} although it answered all the time (it is suspect, not dead)");
            }
            if (!written && before.KnownNodes.GetValueOrDefault(owner)?.StartTime == from.StartTime)
                throw new InvariantException("S9", $"{owner} lost {id} without a release, and it is not written down");
        }
        // A run that never registered is not known to anybody: S9 cannot hold for it, and it may have served under the
        // registration of the run before.
        if (from.Up && before.KnownNodes.GetValueOrDefault(owner)?.StartTime != from.StartTime)
            _tainted = _tainted.Add(id);
        else if (from.Up && (written || (!registered && unreleased)))
            Lose(from, id);

        foreach (var proxy in world.Proxies.Where(p => p.Up))
        {
            if (proxy.InFlight.Any(f => f.Base == id && f.Entry.Owner?.Id == owner) && from.Up
                && !_lost.Contains((from.Index, from.Run, id)) && !IsDeaf(proxy, id, owner))
            {
                throw new InvariantException("S3", $"{id} is granted to {next.Id} while {proxy.Instance} has a request in flight to {owner}");
            }
        }
        foreach (var holder in world.Nodes)
        {
            if (holder == next || !holder.Holds(id) || _lost.Contains((holder.Index, holder.Run, id)))
                continue;
            if (holder == from && holder.Mode == ReleaseMode.Watch && !holder.IsWorkingOn(id) && move.Reason != MoveReason.Orphan)
                continue;
            if (_tainted.Contains(id))
                continue;
            throw new InvariantException("S3", $"{id} is granted to {next.Id} while {holder.Id} still holds it");
        }
    }

    private void Lose(NodeActor node, BaseId id)
    {
        _lost = _lost.Add((node.Index, node.Run, id));
        _tainted = _tainted.Add(id);
    }

    /// <summary>C1, as far as the control plane goes: never more at once than allowed.</summary>
    private static void Limits(World world, ClusterView view)
    {
        var planned = view.Moves.Values.Count(m => m.Reason != MoveReason.Orphan
            && world.Nodes[world.NodeIndex(m.From!)].Mode != ReleaseMode.Restart);
        if (planned > world.Options.Monitor.ParallelMoves)
            throw new InvariantException("C1", $"{planned} planned moves at once");
    }

    /// <summary>S5: with every server saved, every acknowledged row is in storage, once.</summary>
    public void CheckRows(World world)
    {
        foreach (var id in world.Options.Bases)
        {
            if (_tainted.Contains(id))
                continue;
            var stored = world.Stored(id);
            var missing = _written.Where(w => w.Base == id && !stored.Contains(w.Row) && !_diedWithTheirServer.Contains(w)).ToArray();
            if (missing.Length > 0)
                throw new InvariantException("S5", $"{missing.Length} acknowledged rows of {id} are lost, first {missing[0].Row}");
            if (stored.Distinct().Count() != stored.Count)
                throw new InvariantException("S5", $"a row of {id} is there twice");
        }
    }
}
