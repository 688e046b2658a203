using System.Collections.Immutable;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Simulation;

/// <summary>
/// The whole control plane in one thread: a store, monitors, proxies and nodes that run the product's own pure functions,
/// and a truth that watches them. Time and chance come from outside.
/// </summary>
internal sealed partial class World
{
    private readonly ViewBuilder _builder;

    public World(WorldOptions options, INetwork network, MonitorActor[] monitors, ProxyActor[] proxies, NodeActor[] nodes, GateActor[]? gates = null)
    {
        Options = options;
        Network = network;
        Monitors = monitors;
        Proxies = proxies;
        Nodes = nodes;
        Gates = gates ?? [];
        _builder = new ViewBuilder(Keys);
        Store = new StoreModel(0xB0C, 1);
        Views = [_builder.Apply(null, Store.ClusterId, Store.Revision, [])];
        MadeAt = [TimeSpan.Zero];
    }

    private World(World other, INetwork network)
    {
        Options = other.Options;
        Network = network;
        Monitors = [.. other.Monitors.Select(m => m.Clone())];
        Proxies = [.. other.Proxies.Select(p => p.Clone())];
        Nodes = [.. other.Nodes.Select(n => n.Clone())];
        Gates = [.. other.Gates.Select(g => g.Clone())];
        Runs = [.. other.Runs.Select(r => r.Clone())];
        _builder = other._builder;
        Store = other.Store.Clone();
        Views = [.. other.Views];
        MadeAt = [.. other.MadeAt];
        Storage = other.Storage;
        Truth = other.Truth.Clone();
        Now = other.Now;
    }

    public WorldOptions Options { get; }

    public INetwork Network { get; }

    public KeySchema Keys { get; } = new();

    public StoreModel Store { get; }

    /// <summary>The view at each revision, from 1 on.</summary>
    public List<ClusterView> Views { get; }

    /// <summary>When each revision was made.</summary>
    public List<TimeSpan> MadeAt { get; }

    public TimeSpan Now { get; set; }

    public MonitorActor[] Monitors { get; }

    public ProxyActor[] Proxies { get; }

    public NodeActor[] Nodes { get; }

    public GateActor[] Gates { get; }

    public ImmutableDictionary<BaseId, ImmutableList<int>> Storage { get; private set; } =
        ImmutableDictionary<BaseId, ImmutableList<int>>.Empty;

    public Truth Truth { get; private init; } = new();

    public World Clone(INetwork network) => new(this, network);

    public Actor Find(ActorRef actor) => actor.Role switch
    {
        Role.Monitor => Monitors[actor.Index],
        Role.Proxy => Proxies[actor.Index],
        Role.Gate => Gates[actor.Index],
        _ => Nodes[actor.Index],
    };

    public bool IsRunning(ActorRef actor) => Find(actor) is { Up: true } found && found.Run == actor.Run;

    public IActor Actor(ActorRef actor) => (IActor)Find(actor);

    public IStoreClient Client(ActorRef actor) => (IStoreClient)Find(actor);

    public int NodeIndex(string id) => Array.FindIndex(Nodes, n => n.Id == id);

    public ImmutableList<int> Stored(BaseId id) => Storage.GetValueOrDefault(id) ?? [];

    public void Save(BaseId id, ImmutableList<int> rows) => Storage = Storage.SetItem(id, rows);

    public static Grant? OwnerOf(ClusterView view, BaseId id)
    {
        foreach (var (pin, grant) in view.Pins)
        {
            if (pin.Covers(id))
                return grant;
        }
        return view.Assignments.GetValueOrDefault(id.Bucket);
    }

    public void Send(Message message, Hop hop) => Network.Send(this, message, hop);

    public void Send(Message message, TimeSpan after) => Network.Send(this, message, after);

    public void Call(Actor from, StoreCall call) => Network.Call(this, from, call);

    /// <summary>A call has reached the store.</summary>
    public void Execute(StoreRequest request)
    {
        object? result;
        switch (request.Call)
        {
            case WriteCall write:
                try
                {
                    result = Commit(request.From.Role == Role.Monitor ? write : null, write.Transaction);
                }
                catch (StoreRejectedException)
                {
                    result = null;
                }
                break;
            case GrantLeaseCall grant:
                result = Store.GrantLease(grant.TimeToLive, Now);
                break;
            case RenewLeaseCall renew:
                result = Store.RenewLease(renew.Lease, Now);
                break;
            case ReadKeyCall read:
                result = Store.Find(read.Key);
                break;
            case ReadGateCall both:
                result = (Store.Find(both.Gate), Store.Find(both.Node));
                break;
            case RevokeLeaseCall revoke:
                Revoke(revoke.Lease);
                result = null;
                break;
            case ListProxiesCall:
                var list = Store.Read([Keys.Proxies]);
                result = new ProxiesListed(list.Revision, [.. list.Entries.Select(e => e.Key[Keys.Proxies.Length..])]);
                break;
            default:
                result = Store.Revision;
                break;
        }
        if (!request.ReplyIsLost)
            Send(new StoreReply(request.From, request.Call, result), Hop.Store);
    }

    /// <summary>Applies a transaction, and has the truth look at what it changed.</summary>
    public TransactionResult Commit(WriteCall? byMonitor, StoreTransaction transaction)
    {
        var result = Store.Commit(transaction);
        Changed(byMonitor);
        return result;
    }

    /// <summary>Ends the leases whose time is over.</summary>
    public void ExpireLeases()
    {
        Store.ExpireLeases(Now);
        Changed(null);
    }

    public void Revoke(long lease)
    {
        Store.RevokeLease(lease);
        Changed(null);
    }

    private void Changed(WriteCall? byMonitor)
    {
        while (Views.Count < Store.Revision)
        {
            var revision = Views.Count + 1;
            var events = Store.ChangesFrom([""], revision)!.Events.Where(e => e.Revision == revision).ToArray();
            var before = Views[^1];
            var after = _builder.Apply(before, Store.ClusterId, revision, events);
            Views.Add(after);
            MadeAt.Add(Now);
            Truth.OnWrite(this, byMonitor, before, after);
            // What is not mirrored reaches nobody's watch.
            if (events.Any(e => !e.Key.StartsWith(Keys.Audits, StringComparison.Ordinal)))
                Notify(before, after);
        }
    }

    /// <summary>Something new is to be seen. One delivery at a time is under way; it shows what was there when it set out, or
    /// what is there by then.</summary>
    public void Watch(Actor actor)
    {
        if (!actor.Up || actor.ViewUnderWay)
            return;
        actor.ViewUnderWay = true;
        Send(new ViewDelivery(actor.Ref, Store.Revision), Hop.Watch);
    }

    /// <summary>A watch comes up to a revision.</summary>
    public void Show(ActorRef to, long revision)
    {
        var actor = Find(to);
        actor.ViewUnderWay = false;
        if (actor.View is null || actor.View.Revision < revision)
            Client(to).See(this, Views[(int)revision - 1]);
        if (Find(to).View is { } view && view.Revision < Store.Revision)
            Watch(actor);
    }

    /// <summary>A read that was long under way brings what was there when it was answered.</summary>
    public void ShowOld(ActorRef to, long revision)
    {
        var actor = Find(to);
        if (actor.View is null || actor.View.Revision < revision || (Options.Mutation.World & WorldMutations.ShowOlder) != 0)
            Client(to).See(this, Views[(int)revision - 1]);
    }

    private void Notify(ClusterView before, ClusterView after)
    {
        foreach (var monitor in Monitors)
            Watch(monitor);
        foreach (var proxy in Proxies)
        {
            if (proxy.Gate is null)
                Watch(proxy);
        }
        foreach (var gate in Gates)
            Watch(gate);
        if (ReferenceEquals(before.Assignments, after.Assignments) && ReferenceEquals(before.Pins, after.Pins))
            return;
        foreach (var node in Nodes)
        {
            if (node is { Up: true, Mode: ReleaseMode.Watch })
                Send(new NodeSeesMap(node.Ref), Hop.Map);
        }
    }
}
