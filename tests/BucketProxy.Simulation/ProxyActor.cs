using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;

namespace BucketProxy.Simulation;

/// <summary>A proxy, or a gate's part as one: keeps its lease, carries out what the participant decides, and forwards requests by its table.</summary>
/// <param name="index">Its number.</param>
/// <param name="mode">What it does when it loses the store.</param>
/// <param name="gate">The gate that it is a part of; null: it stands by itself.</param>
internal sealed partial class ProxyActor(int index, StoreLossMode mode, int? gate = null) : Actor(Role.Proxy, index), IStoreClient
{
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private RoutingTable? _disk;
    private long _lease;
    private TimeSpan _renewedAt;
    private bool _writing;
    private (ClusterView View, RoutingTable Table, OwnServer? Own)? _builtFrom;
    private int _wake;
    private bool _looking;

    public ProxyState State { get; private set; } = new() { Instance = "" };

    public RoutingTable Published { get; private set; } = RoutingTable.Empty;

    public ImmutableList<InFlight> InFlight { get; private set; } = [];

    /// <summary>The gate that it is a part of; null: it stands by itself.</summary>
    public int? Gate => gate;

    /// <summary>What the published table says of the server behind the gate; null: nothing.</summary>
    public OwnServer? InForce { get; private set; }

    public string Instance => State.Instance;

    /// <summary>Earlier processes in its state directory whose records may still stand.</summary>
    public ImmutableArray<string> Predecessors { get; private set; } = [];

    public ProxyActor Clone() => (ProxyActor)MemberwiseClone();

    public string Describe() => $"P{Index} run {Run} {(Up ? "up" : "down")} view {View?.Revision} table {Published.Revision} {State.Phase} "
        + $"{State.RegisteredAt} {State.Lapsed} {string.Join(',', Predecessors)} {State.KeepsPredecessors} disk {_disk?.Revision} silent {string.Join(',', State.Silent)} told {string.Join(',', State.Reported)} lease {_lease} {_renewedAt} {_writing} {_looking} {InForce} "
        + $"[{string.Join(',', InFlight.Select(f => $"{f.Number}:{f.Base}:{f.Entry.Epoch}:{f.Entry.Owner?.Id}"))}]";

    /// <param name="world">The world.</param>
    /// <param name="takesOver">It has its predecessor's state directory, and so the predecessor is gone for certain; if it serves
    /// without the store, it begins with the table that it finds there.</param>
    public void Start(World world, bool takesOver)
    {
        Predecessors = takesOver && Instance.Length > 0 ? [.. Predecessors, Instance] : [];
        _disk = takesOver && mode == StoreLossMode.Serve ? _disk : null;
        Run++;
        Up = true;
        View = null;
        ViewUnderWay = false;
        State = new ProxyState { Instance = $"proxy-{Index}-{Run}", OnStoreLoss = mode };
        Published = RoutingTable.Empty;
        if (_disk is { } left)
        {
            State = State with { Phase = ProxyPhase.Serving, KeepsPredecessors = true };
            Published = new RoutingTable(left.ClusterId, left.Revision, left.Buckets, left.Pins, left.Nodes.Values, stale: true);
        }
        InFlight = [];
        InForce = null;
        _lease = 0;
        _writing = false;
        _looking = false;
        // A gate has one mirror for both its parts.
        if (gate is null)
            world.Watch(this);
        world.Send(new Tick(Ref, "lease", 0), LeaseTime / 3 / Rate);
        Step(world);
    }

    public void LoseDisk() => _disk = null;

    public void Crash(World world)
    {
        Up = false;
        Abort(world);
    }

    public void See(World world, ClusterView view)
    {
        View = view;
        Step(world);
    }

    /// <summary>Its gate has a newer view, or says something else of its server: this part's own loop comes round to it.</summary>
    public void LookSoon(World world)
    {
        if (_looking || !Up)
            return;
        _looking = true;
        var its = world.Gates[gate!.Value];
        if (ViewComesFirst(world))
            View = its.View;
        if (its.StalledUntil > world.Now)
            world.Send(new Tick(Ref, "look", 0), its.StalledUntil - world.Now);
        else
            world.Send(new Tick(Ref, "look", 0), Hop.Decide);
    }

    private static bool ViewComesFirst(World world) => (world.Options.Mutation.World & WorldMutations.OwnAfterView) != 0;

    public bool Awaits(long number) => number == _wake;

    public void OnTick(World world, string kind, long number)
    {
        if (kind == "lease")
        {
            if (_lease != 0)
                world.Call(this, new RenewLeaseCall(_lease, Local(world)));
            world.Send(new Tick(Ref, "lease", 0), LeaseTime / 3 / Rate);
        }
        else if (kind == "look")
        {
            _looking = false;
            Step(world);
            if (View != world.Gates[gate!.Value].View)
                LookSoon(world);
        }
        else if (kind == "retry")
        {
            _writing = false;
            Step(world);
        }
        else if (number == _wake)
        {
            Step(world);
        }
    }

    public void OnReply(World world, StoreCall call, object? result)
    {
        switch (call)
        {
            case GrantLeaseCall grant:
                _lease = ((LeaseGrant)result!).LeaseId;
                _renewedAt = grant.SentAt;
                Register(world);
                return;
            case RenewLeaseCall renew when renew.Lease == _lease:
                if (result is null)
                    _lease = 0;
                else
                    _renewedAt = renew.SentAt;
                break;
            case WriteCall { Subject: "register" } write:
                _writing = false;
                if (result is TransactionResult registered)
                    State = State with { RegisteredAt = registered.Revision, Lapsed = false, Reported = (ImmutableSortedDictionary<string, long>)write.Note! };
                else
                    _lease = 0;
                break;
            case WriteCall { Subject: "succeed" }:
                _writing = false;
                State = State with { KeepsPredecessors = false };
                Predecessors = [];
                break;
            case WriteCall { Subject: "report" } write:
                _writing = false;
                if (result is TransactionResult { Succeeded: true })
                    State = State with { Reported = (ImmutableSortedDictionary<string, long>)write.Note! };
                break;
        }
        Step(world);
    }

    public void OnFailed(World world, StoreCall call)
    {
        if (call is not RenewLeaseCall)
            world.Send(new Tick(Ref, "retry", 0), Retry);
    }

    private TimeSpan? LeaseRemaining(World world) => _lease == 0 ? null : LeaseTime - (Local(world) - _renewedAt);

    private void Step(World world)
    {
        var (before, said) = (State, InForce);
        // G6: what the gate wants rests on its view, so the table is never built from an older one.
        if (gate is { } mine && !ViewComesFirst(world))
            View = world.Gates[mine].View;
        while (true)
        {
            var decision = ProxyParticipant.Decide(new ProxyInput
            {
                State = State,
                View = View,
                Published = Published,
                LeaseRemaining = LeaseRemaining(world),
                FenceMargin = Margin,
                Predecessors = Predecessors,
                IsSilent = (bucket, _) => !InFlight.Any(f => f.Base.Bucket == bucket && !ReferenceEquals(Published.Find(f.Base), f.Entry)),
                Mutations = world.Options.Mutation.Proxy,
            });
            State = decision.State;
            if (decision.Fence)
            {
                Publish(world, ClosedTable.Of(Published));
                InForce = null;
                // Nobody waited for it while it was forgotten, so no successor may begin with what it knew before.
                _disk = null;
                Abort(world);
            }
            var own = gate is { } its ? world.Gates[its].Wanted : null;
            var publish = decision.Publish || (own != InForce && State.Phase == ProxyPhase.Serving && View is not null);
            if (publish)
            {
                Publish(world, Built(own));
                InForce = own;
            }
            if (!_writing && decision.Register)
            {
                _writing = true;
                if (_lease == 0)
                    world.Call(this, new GrantLeaseCall(LeaseTime, Local(world)));
                else
                    Register(world);
            }
            else if (!_writing && decision.ReleasePredecessors)
            {
                _writing = true;
                world.Call(this, new WriteCall("succeed", new StoreTransaction { Success = [.. DeletePredecessors(world)] }, 0));
            }
            else if (!_writing && decision.Report)
            {
                _writing = true;
                Flush();
                var key = world.Keys.Proxy(Instance);
                world.Call(this, new WriteCall("report", new StoreTransaction
                {
                    Comparisons = [Comparison.Exists(key)],
                    Success = [StoreOperation.PutText(key, RecordJson.Write(Record()))],
                }, 0, State.Silent));
            }
            if (!publish && !decision.Fence)
                break;
        }
        if (gate is { } told && (State != before || InForce != said))
            world.Gates[told].DecideSoon(world);
        if (mode == StoreLossMode.Fence && State.Phase == ProxyPhase.Serving && LeaseRemaining(world) - Margin is { } wait
            && wait > TimeSpan.Zero)
        {
            world.Send(new Tick(Ref, "wake", ++_wake), wait / Rate + TimeSpan.FromMilliseconds(1));
        }
    }

    private void Publish(World world, RoutingTable table)
    {
        Truth.OnPublish(this, Published, table);
        Published = table;
        // The disk comes later than the table, and now and then not at all.
        if (table.Revision % 2 == 0)
            Flush();
    }

    /// <summary>What is reported silent must be on disk before: a successor would send requests to the old owner.</summary>
    private void Flush()
    {
        if (mode == StoreLossMode.Serve && Published is { IsStale: false, Revision: > 0 })
            _disk = Published;
    }

    /// <summary>A view that changed nothing that routes makes the same table: no need to look at every bucket again.</summary>
    private RoutingTable Built(OwnServer? own)
    {
        var table = _builtFrom is { } from && ReferenceEquals(from.Table, Published) && from.Own == own
                && ReferenceEquals(from.View.Assignments, View!.Assignments) && ReferenceEquals(from.View.Moves, View.Moves)
                && ReferenceEquals(from.View.Pins, View.Pins) && ReferenceEquals(from.View.Nodes, View.Nodes)
                && ReferenceEquals(from.View.KnownNodes, View.KnownNodes)
            ? Published.AsOf(View.Revision)
            : RoutingTableBuilder.Build(Published, View!, own);
        _builtFrom = (View!, table, own);
        return table;
    }
}
