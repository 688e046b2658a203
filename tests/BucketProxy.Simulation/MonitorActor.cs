using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Simulation;

/// <summary>A monitor: campaigns, keeps its lease, and carries out what the reconciler decides.</summary>
internal sealed class MonitorActor(int index) : Actor(Role.Monitor, index), IStoreClient
{
    private const string CampaignSubject = "(campaign)";

    private ImmutableArray<MonitorEvent> _events = [];
    private bool _campaigning;
    private bool _deciding;
    private long _lease;
    private TimeSpan _renewedAt;
    private long _wake;

    public long LeaderRevision { get; private set; }

    public MonitorState? State { get; private set; }

    public bool Leads => LeaderRevision > 0;

    public ReconcileResult? Last { get; private set; }

    public MonitorActor Clone() => (MonitorActor)MemberwiseClone();

    public string Describe() => $"M{Index} run {Run} {(Up ? "up" : "down")} view {View?.Revision} leads {LeaderRevision} lease {_lease} "
        + $"{_campaigning} {_renewedAt} [{string.Join(",", _events)}] {Words(State)}";

    private static string Words(MonitorState? s) => s is null ? "" : string.Join('|',
        s.SeenRevision, string.Join(',', s.Writing.Order()), string.Join(',', s.Failed), string.Join(',', s.AliveGone),
        $"{s.Listed?.Revision}:{string.Join(',', s.Listed?.Instances ?? [])}", s.Listing, string.Join(',', s.Moves), string.Join(',', s.Backoffs),
        string.Join(',', s.Losses), string.Join(',', s.Foreign), string.Join(',', s.Expected), string.Join(',', s.Restarting.Order()), s.Order,
        string.Join(',', s.Nodes.Select(n => $"{n.Key}:{n.Value.GoneSince}/{n.Value.FailingSince}/{n.Value.PingedAt}/{n.Value.PingSentAt}/{n.Value.WasRegistered}/{n.Value.HasAnswered}")));

    public void Start(World world)
    {
        Run++;
        Up = true;
        View = null;
        ViewUnderWay = false;
        StepDown();
        _campaigning = false;
        _deciding = false;
        world.Watch(this);
        world.Send(new Tick(Ref, "lease", 0), Hop.Local);
    }

    public void Crash() => Up = false;

    private void StepDown()
    {
        LeaderRevision = 0;
        State = null;
        Last = null;
        _events = [];
        _lease = 0;
    }

    public void See(World world, ClusterView view)
    {
        View = view;
        if (!Leads && !_campaigning && View.Leader is null)
            Campaign(world);
        if (Leads)
            DecideSoon(world);
    }

    private void Campaign(World world)
    {
        _campaigning = true;
        world.Call(this, new GrantLeaseCall(world.Options.Monitor.LeaderLease, Local(world)));
    }

    public bool Awaits(long number) => number == _wake && Leads;

    public void OnTick(World world, string kind, long number)
    {
        if (kind == "lease")
        {
            if (Leads)
            {
                if (_renewedAt + world.Options.Monitor.LeaderLease - world.Options.Monitor.LeaderMargin < Local(world))
                    StepDown();
                else
                    world.Call(this, new RenewLeaseCall(_lease, Local(world)));
            }
            else if (!_campaigning && View is { Leader: null })
            {
                Campaign(world);
            }
            world.Send(new Tick(Ref, "lease", 0), world.Options.Monitor.LeaderLease / 3 / Rate);
        }
        else if (kind == "decide")
        {
            _deciding = false;
            Decide(world);
        }
        else if (number == _wake)
        {
            Decide(world);
        }
    }

    public void OnReply(World world, StoreCall call, object? result)
    {
        switch (call)
        {
            case GrantLeaseCall grant:
                _lease = ((LeaseGrant)result!).LeaseId;
                _renewedAt = grant.SentAt;
                world.Call(this, new WriteCall(CampaignSubject, new StoreTransaction
                {
                    Comparisons = [Comparison.Absent(world.Keys.Leader)],
                    Success = [StoreOperation.PutText(world.Keys.Leader,
                        RecordJson.Write(new LeaderRecord($"monitor-{Index}-{Run}", null, 0)), _lease)],
                }, 0));
                break;
            case WriteCall { Subject: CampaignSubject }:
                _campaigning = false;
                // A lease that ended before its key was put: the store refuses the put.
                if (result is TransactionResult { Succeeded: true } won)
                {
                    LeaderRevision = won.Revision;
                    State = MonitorState.Begin(LeaderRevision);
                    Decide(world);
                }
                break;
            case RenewLeaseCall renew when renew.Lease == _lease && Leads:
                if (result is null)
                    StepDown();
                else
                    _renewedAt = renew.SentAt;
                break;
            case WriteCall write when write.LeaderRevision == LeaderRevision:
                var written = result as TransactionResult;
                Happened(world, new WriteEnded(write.Subject, written?.Revision ?? 0, written is { Succeeded: true }));
                break;
            case BarrierCall barrier when Leads:
                Happened(world, new WriteEnded(barrier.Subject, (long)result!, false));
                break;
            case ListProxiesCall when Leads:
                Happened(world, (ProxiesListed)result!);
                break;
        }
    }

    public void OnFailed(World world, StoreCall call)
    {
        switch (call)
        {
            case GrantLeaseCall or WriteCall { Subject: CampaignSubject }:
                _campaigning = false;
                break;
            case WriteCall write when write.LeaderRevision == LeaderRevision:
                world.Call(this, new BarrierCall(write.Subject));
                break;
            case BarrierCall barrier when Leads:
                world.Call(this, barrier);
                break;
            case ListProxiesCall when Leads:
                Happened(world, new ProxiesListed(0, []));
                break;
        }
    }

    public void OnPing(World world, int node, bool answered) => Happened(world, new PingEnded(world.Nodes[node].Id, answered));

    public void OnReleased(World world, ReleaseReply reply) =>
        Happened(world, new ReleaseEnded(reply.Bucket, reply.Move, reply.Failure));

    public void OnRestarted(World world, RestartReply reply) =>
        Happened(world, new RestartEnded(world.Nodes[reply.Node].Id, reply.Failure));

    private void Happened(World world, MonitorEvent e)
    {
        if (!Leads)
            return;
        _events = _events.Add(e);
        DecideSoon(world);
    }

    /// <summary>What comes while one decision is made waits for the next.</summary>
    private void DecideSoon(World world)
    {
        if (_deciding)
            return;
        _deciding = true;
        world.Send(new Tick(Ref, "decide", 0), Hop.Decide);
    }

    private void Decide(World world)
    {
        if (!Leads || View is null)
            return;
        var now = Local(world);
        if (_renewedAt + world.Options.Monitor.LeaderLease - world.Options.Monitor.LeaderMargin < now)
        {
            StepDown();
            return;
        }
        var result = Reconciler.Decide(new ReconcileInput
        {
            View = View,
            State = State!,
            Options = world.Options.Monitor,
            LeaderRevision = LeaderRevision,
            Now = now,
            Clock = DateTimeOffset.UnixEpoch + world.Now,
            Events = _events,
            Keys = world.Keys,
            Buckets = world.Options.Buckets,
            Mutations = world.Options.Mutation.Monitor,
        });
        _events = [];
        State = result.State;
        Last = result;
        if (result.Deposed)
        {
            // S6 must hold without this: see the mutation.
            if (View.Revision >= LeaderRevision)
                StepDown();
            return;
        }
        foreach (var action in result.Actions)
            CarryOut(world, action);
        if (result.WakeAt is { } wake)
            world.Send(new Tick(Ref, "wake", ++_wake), Until(world, wake) + TimeSpan.FromMilliseconds(1));
    }

    private void CarryOut(World world, MonitorAction action)
    {
        switch (action)
        {
            case WriteAction write:
                world.Call(this, new WriteCall(write.Subject, write.Transaction, LeaderRevision));
                break;
            case ListProxiesAction:
                world.Call(this, new ListProxiesCall());
                break;
            case PingAction ping:
                world.Send(new PingRequest(Ref, world.NodeIndex(ping.Node)), Hop.Ping);
                break;
            case CallReleaseAction call:
                world.Send(new ReleaseRequest(Ref, world.NodeIndex(call.Node), call.Bucket, call.Pin, call.Move), Hop.Node);
                break;
            case RunRestartAction restart:
                world.Send(new RestartRequest(Ref, world.NodeIndex(restart.Node)), Hop.Node);
                break;
        }
    }
}
