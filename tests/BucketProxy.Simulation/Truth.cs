using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
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
internal sealed partial class Truth
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
        + $"{string.Join(',', _forgotten.Order())} {string.Join(',', _foreign.Select(f => $"{f.Key}:{f.Value.Revision}").Order(StringComparer.Ordinal))} {string.Join(',', _astray.Order())} "
        + string.Join(',', _loaded.Select(l => $"{l.Key}:{l.Value}").Order(StringComparer.Ordinal));

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

    public void OnCrash(World world, IHolder node)
    {
        foreach (var (id, rows) in node.Memory.Loaded)
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
        // What comes to a gate is looked at there.
        if (target.Gate != GateKind.None)
            return;
        var owner = World.OwnerOf(world.Views[^1], id)?.Owner;
        if (owner == target.Id || (IsUnheardOf(world.Views[^1], owner) && _foreign.TryGetValue(id, out var write) && write.From.Contains(target.Id)))
            return;
        if (IsMisled(world, proxy, id) || IsDeaf(proxy, id, target.Id) || proxy.IsOverdue(world))
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
    public void OnServe(World world, IHolder node, BaseId id)
    {
        ServesByRight(world, node, id);
        foreach (var other in world.Holders)
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
