using System.Collections.Immutable;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Simulation;

/// <summary>What holds for nodes behind a gate that supervises its server. Nothing of it is excused for a lost proxy, a dead owner, or a proxy
/// with an old table.</summary>
internal sealed partial class Truth
{
    /// <summary>Who loaded a base last.</summary>
    private ImmutableDictionary<BaseId, (int Node, int Run)> _loaded = ImmutableDictionary<BaseId, (int, int)>.Empty;

    /// <summary>A lease of a gate was ended by the store before its time: nobody can have killed its server by then.</summary>
    public void OnEarlyEnd(World world, GatedNode node)
    {
        foreach (var id in world.Options.Bases.Where(id => World.OwnerOf(world.Views[^1], id)?.Owner == node.Id))
        {
            _tainted = _tainted.Add(id);
            Excused++;
        }
    }

    public void OnLoad(BaseId id, IHolder by) => _loaded = _loaded.SetItem(id, (by.Index, by.Run));

    /// <summary>S5: no save comes over what somebody else has loaded since.</summary>
    public void OnSave(BaseId id, ServerRun by)
    {
        if (by.Gate is not null && _loaded.TryGetValue(id, out var last) && last != (by.Index, by.Run) && !_tainted.Contains(id) && !_foreign.ContainsKey(id))
            throw new InvariantException("S5", $"{by.Incarnation} saves {id} over what run {last.Run} of node {last.Node} has loaded since");
    }

    // S2: a server behind a gate that supervises it serves only what its node owns at that moment.
    private void ServesByRight(World world, IHolder node, BaseId id)
    {
        if (node is not ServerRun { Gate: not null } run || _tainted.Contains(id) || _foreign.ContainsKey(id))
            return;
        var owner = World.OwnerOf(world.Views[^1], id)?.Owner;
        if (owner != run.Id)
            throw new InvariantException("S2", $"{run.Incarnation} of {run.Id} serves {id}, but {owner} owns it");
    }

    /// <summary>S3: at a grant no run of the old owner holds the base, has a request of it under way to it, or would be given one.</summary>
    private void LeavingGate(World world, BaseId id, GatedNode from, NodeActor next)
    {
        if (_tainted.Contains(id))
            return;
        foreach (var holder in world.Holders)
        {
            if (holder.Index != next.Index && holder.Holds(id) && !_lost.Contains((holder.Index, holder.Run, id)))
                throw new InvariantException("S3", $"{id} is granted to {next.Id} while {(holder as ServerRun)?.Incarnation ?? holder.Id} still holds it");
        }
        foreach (var gate in from.Gates.Select(g => world.Gates[g]).Where(g => g.Up))
        {
            var part = gate.Part(world);
            if (part.InFlight.Any(f => f.Base == id && world.RunOf(f.Run) is not null))
                throw new InvariantException("S3", $"{id} is granted to {next.Id} while {gate.Instance} has a request in flight to its server");
            if (part.Published.Find(id) is { State: EntryState.Open, Owner.Incarnation: { } run } && world.RunOf(run) is not null && gate.LeaseIsValid(world))
                throw new InvariantException("S3", $"{id} is granted to {next.Id} while {gate.Instance} would still give its server a request");
        }
    }
}
