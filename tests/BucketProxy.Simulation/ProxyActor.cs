using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;

namespace BucketProxy.Simulation;

/// <summary>One request that a proxy has sent and that has not ended.</summary>
internal sealed record InFlight(int Number, BaseId Base, RoutingEntry Entry, int Attempt);

/// <summary>A proxy: keeps its lease, carries out what the participant decides, and forwards requests by its table.</summary>
internal sealed class ProxyActor(int index, StoreLossMode mode) : Actor(Role.Proxy, index), IStoreClient
{
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ResendAfter = TimeSpan.FromMilliseconds(300);
    private const int Attempts = 3;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private RoutingTable? _disk;
    private long _lease;
    private TimeSpan _renewedAt;
    private bool _writing;
    private (ClusterView View, RoutingTable Table)? _builtFrom;
    private int _wake;

    public ProxyState State { get; private set; } = new() { Instance = "" };

    public RoutingTable Published { get; private set; } = RoutingTable.Empty;

    public ImmutableList<InFlight> InFlight { get; private set; } = [];

    public string Instance => State.Instance;

    /// <summary>Earlier processes in its state directory whose records may still stand.</summary>
    public ImmutableArray<string> Predecessors { get; private set; } = [];

    public ProxyActor Clone() => (ProxyActor)MemberwiseClone();

    public string Describe() => $"P{Index} run {Run} {(Up ? "up" : "down")} view {View?.Revision} table {Published.Revision} {State.Phase} "
        + $"{State.RegisteredAt} {State.Lapsed} {string.Join(',', Predecessors)} {State.KeepsPredecessors} disk {_disk?.Revision} silent {string.Join(',', State.Silent)} told {string.Join(',', State.Reported)} lease {_lease} {_renewedAt} {_writing} "
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
        _lease = 0;
        _writing = false;
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

    /// <summary>Closes every connection: what a node still works on ends there.</summary>
    private void Abort(World world)
    {
        foreach (var request in InFlight)
            world.Nodes[world.NodeIndex(request.Entry.Owner!.Id)].Abort(request.Base, request.Number);
        InFlight = [];
    }

    public void See(World world, ClusterView view)
    {
        View = view;
        Step(world);
    }

    public bool Awaits(long number) => number == _wake;

    public void OnTick(World world, string kind, long number)
    {
        if (kind == "lease")
        {
            if (_lease != 0)
                world.Call(this, new RenewLeaseCall(_lease, Local(world)));
            world.Send(new Tick(Ref, "lease", 0), LeaseTime / 3 / Rate);
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

    /// <param name="world">The world.</param>
    /// <param name="number">The request.</param>
    /// <param name="unanswered">The connection was refused, or died before the answer.</param>
    /// <param name="reached">It had come to the server.</param>
    public void OnEnded(World world, int number, bool unanswered, bool reached)
    {
        var ended = InFlight.Find(f => f.Number == number);
        InFlight = InFlight.RemoveAll(f => f.Number == number);
        // S4: what a server may have got is not sent again. What was refused is, wherever the base is by then.
        if (ended is { Attempt: < Attempts } && unanswered && (!reached || (world.Options.Mutation.World & WorldMutations.SendAgain) != 0))
            world.Send(new Resend(Ref, number, ended.Base, ended.Attempt + 1), ResendAfter);
        Step(world);
    }

    /// <summary>A client's request. False: held.</summary>
    public bool TryForward(World world, int number, BaseId id, int attempt = 1)
    {
        var entry = Published.Find(id);
        if (!Up || entry.State != EntryState.Open)
            return false;
        var node = world.NodeIndex(entry.Owner!.Id);
        world.Truth.OnSend(world, this, id, node);
        InFlight = InFlight.Add(new InFlight(number, id, entry, attempt));
        world.Send(new ForwardedRequest(Ref, number, id, node), Hop.Request);
        return true;
    }

    private TimeSpan? LeaseRemaining(World world) => _lease == 0 ? null : LeaseTime - (Local(world) - _renewedAt);

    private void Step(World world)
    {
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
                // Nobody waited for it while it was forgotten, so no successor may begin with what it knew before.
                _disk = null;
                Abort(world);
            }
            if (decision.Publish)
                Publish(world, Built());
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
            if (!decision.Publish && !decision.Fence)
                break;
        }
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
    private RoutingTable Built()
    {
        var table = _builtFrom is { } from && ReferenceEquals(from.Table, Published)
                && ReferenceEquals(from.View.Assignments, View!.Assignments) && ReferenceEquals(from.View.Moves, View.Moves)
                && ReferenceEquals(from.View.Pins, View.Pins) && ReferenceEquals(from.View.Nodes, View.Nodes)
                && ReferenceEquals(from.View.KnownNodes, View.KnownNodes)
            ? Published.AsOf(View.Revision)
            : RoutingTableBuilder.Build(Published, View!);
        _builtFrom = (View!, table);
        return table;
    }

    private void Register(World world)
    {
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(world.Keys.Proxy(Instance), RecordJson.Write(Record())),
            StoreOperation.PutText(world.Keys.Alive(Instance), "", _lease),
        };
        if (!State.KeepsPredecessors)
            operations.AddRange(DeletePredecessors(world));
        Flush();
        world.Call(this, new WriteCall("register", new StoreTransaction { Success = operations }, 0, State.Silent));
    }

    private IEnumerable<StoreOperation> DeletePredecessors(World world) => Predecessors.SelectMany(predecessor =>
        new[] { StoreOperation.DeleteKey(world.Keys.Proxy(predecessor)), StoreOperation.DeleteKey(world.Keys.Alive(predecessor)) });

    private ProxyRecord Record() => new()
    {
        OnStoreLoss = mode,
        LeaseSeconds = LeaseTime.TotalSeconds,
        Silent = State.Silent,
    };
}
