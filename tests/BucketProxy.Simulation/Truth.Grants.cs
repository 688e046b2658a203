using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Simulation;

/// <summary>What is looked at when something is written: above all, when an owner changes.</summary>
internal sealed partial class Truth
{
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
        if (from is GatedNode { Supervised: true } gated)
        {
            LeavingGate(world, id, gated, next);
            return;
        }
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
            if (from.Answers(world) && world.Now - from.ReachableSince > 2 * (known.PingInterval + known.PingTimeout) + known.NodeGrace
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
            // What is under way to a gate is looked at there; what the gate sent on counts.
            if (proxy.InFlight.Any(f => f.Base == id && f.Entry.Owner?.Id == owner && (from.Gate == GateKind.None || f.Run is not null)) && from.Up
                && !_lost.Contains((from.Index, from.Run, id)) && !IsDeaf(proxy, id, owner))
            {
                throw new InvariantException("S3", $"{id} is granted to {next.Id} while {proxy.Instance} has a request in flight to {owner}");
            }
        }
        foreach (var holder in world.Holders)
        {
            if (holder.Index == next.Index || !holder.Holds(id) || _lost.Contains((holder.Index, holder.Run, id)))
                continue;
            if (holder is NodeActor { Mode: ReleaseMode.Watch } watching && watching == from && !watching.IsWorkingOn(id) && move.Reason != MoveReason.Orphan)
                continue;
            if (_tainted.Contains(id))
                continue;
            throw new InvariantException("S3", $"{id} is granted to {next.Id} while {holder.Id} still holds it");
        }
    }

    private void Lose(IHolder node, BaseId id)
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
}
