using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Gating;
using BucketProxy.Gateway.Participation;

namespace BucketProxy.Simulation;

/// <summary>
/// A gate: keeps its lease, and carries out what <see cref="GateParticipant"/> decides. Its part as a proxy is a <see cref="ProxyActor"/> of
/// its own; both share the process, its clock and its view of the store.
/// </summary>
/// <param name="index">Its number.</param>
/// <param name="node">The node that it stands before.</param>
/// <param name="part">Its part as a proxy.</param>
internal sealed partial class GateActor(int index, int node, int part) : Actor(Role.Gate, index), IStoreClient
{
    private static readonly Uri Behind = new("http://localhost/");

    private ImmutableArray<GateEvent> _events = [];
    private bool _deciding;
    private long _wake;

    public int Node => node;

    public GateState State { get; private set; } = new();

    /// <summary>What the table is to say of the server.</summary>
    public OwnServer? Wanted { get; private set; }

    /// <summary>It is stopped, like by a signal: whatever comes waits until it is thawed. Its clock goes on.</summary>
    public bool Frozen { get; private set; }

    /// <summary>What has come while it was frozen.</summary>
    public ImmutableList<Message> Parked { get; private set; } = [];

    public string Instance => $"gate-{Index}-{Run}";

    public ProxyActor Part(World world) => world.Proxies[part];

    /// <summary>Whichever run of a server answers that is nobody's child.</summary>
    public string UnsupervisedRun => World.UnsupervisedRun(node);

    public GateActor Clone() => (GateActor)MemberwiseClone();

    public void Start(World world)
    {
        Run++;
        Up = true;
        View = null;
        ViewUnderWay = false;
        State = new GateState();
        Wanted = Own(world, null, isOpen: false);
        (Frozen, Parked) = (false, []);
        _events = [];
        _deciding = false;
        ForgetKeys();
        world.Watch(this);
        world.Send(new Tick(Ref, "lease", 0), Every / Rate);
        Part(world).Start(world, takesOver: false);
        Of(world).ReachableSince = world.Now;
        DecideSoon(world);
    }

    /// <summary>SIGKILL. What it supervises dies with it, by the fuse, and not because anything of the gate still runs.</summary>
    public void Crash(World world)
    {
        if (!Up)
            return;
        Part(world).Crash(world);
        Up = false;
        Frozen = false;
        foreach (var message in Parked)
            message.Lost(world);
        Parked = [];
        foreach (var run in world.Runs.Where(r => r.Gate == Ref).ToArray())
        {
            if ((world.Options.Mutation.World & WorldMutations.OrphanServer) != 0)
                run.KillAt = TimeSpan.MaxValue;
            else
                world.EndRun(run, hasSaved: false);
        }
    }

    public void Freeze() => Frozen = true;

    /// <summary>The loop of its part as a proxy comes round to nothing before this time; requests, and its own loop, go on.</summary>
    public TimeSpan StalledUntil { get; set; }

    public void Park(Message message) => Parked = Parked.Add(message);

    public void Thaw(World world)
    {
        Frozen = false;
        Part(world).ConnectedSince = world.Now;
        Of(world).ReachableSince = world.Now;
        foreach (var message in Parked)
            world.Send(message, Hop.Thaw);
        Parked = [];
    }

    public void See(World world, ClusterView view)
    {
        View = view;
        Part(world).LookSoon(world);
        DecideSoon(world);
    }

    public bool Awaits(long number) => number == _wake;

    public void OnTick(World world, string kind, long number)
    {
        if (kind == "lease")
        {
            Renew(world);
            world.Send(new Tick(Ref, "lease", 0), Every / Rate);
        }
        else if (kind == "retry")
        {
            _writing = false;
            Decide(world);
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

    public void OnEvent(World world, GateEvent e)
    {
        _events = _events.Add(e);
        DecideSoon(world);
    }

    public void DecideSoon(World world)
    {
        if (_deciding || !Up)
            return;
        _deciding = true;
        world.Send(new Tick(Ref, "decide", 0), Hop.Decide);
    }

    /// <summary>G1: by its own clock, the lease lives for so long that a server which is asked to save now is dead before it ends.</summary>
    public bool LeaseIsValid(World world) => LeaseRemaining(world) > Options(world).StopMargin;

    private GatedNode Of(World world) => (GatedNode)world.Nodes[node];

    private OwnServer Own(World world, string? run, bool isOpen) =>
        new(Of(world).Id, Behind, run == GateTurn.Unsupervised ? UnsupervisedRun : run, isOpen);

    private void Decide(World world)
    {
        if (!Up)
            return;
        var (options, its) = (Options(world), Part(world));
        var before = State;
        var decision = GateParticipant.Decide(new GateInput
        {
            State = before,
            Events = _events,
            Options = options,
            Now = Local(world),
            View = View,
            LeaseRemaining = LeaseRemaining(world),
            IsServing = its.State.Phase == ProxyPhase.Serving,
            Silent = its.State.Silent,
            RunIsSilent = before.Run is { } draining && its.InForce is { Admits: false } && !its.IsBusyWith(draining),
            Mutations = world.Options.Mutation.Gate,
        });
        _events = [];
        State = decision.State;

        // :: Closed first: what is decided below rests on it.
        var next = Own(world, State.Run, decision.IsOpen);
        if (next != Wanted)
        {
            Wanted = next;
            its.LookSoon(world);
        }

        // :: G2, G4: the server.
        var run = world.RunOf(State.Run);
        if (run is not null && LeaseRemaining(world) is not null)
            run.KillAt = Deadline(world);
        if (decision.Kill && run is not null)
            world.Send(new RunKilled(run.Incarnation), Hop.Kill);
        if (decision.Stop)
            world.RunOf(State.Run)?.SignalStop(world);
        if (!options.Supervised && State is { Step: ServerStep.Starting } && before.Step != ServerStep.Starting)
            world.Send(new GatePings(Ref), Hop.Again);
        if (decision.Start)
            world.Send(new RunStarts(Ref, Deadline(world)), Hop.Launch);
        foreach (var wish in decision.Release)
            world.Send(new RunReleases(Ref, options.Supervised ? State.Run! : UnsupervisedRun, wish), Hop.Node);

        CarryOut(world, decision);
        if (decision.WakeAt is { } wake)
            world.Send(new Tick(Ref, "wake", ++_wake), Until(world, wake) + TimeSpan.FromMilliseconds(1));
    }

    /// <summary>The child is there. It lives until the fuse burns down, which was lit when the start was asked for.</summary>
    public void Launch(World world, TimeSpan killAt)
    {
        if (killAt <= world.Now)
        {
            OnEvent(world, new ServerStarted(null, "the lease ended before it was started"));
            return;
        }
        // Without a lease there is no deadline to light a fuse with.
        var run = new ServerRun(Of(world), Of(world).NextRun(), Ref) { KillAt = killAt, IsFused = killAt != TimeSpan.MaxValue };
        world.AddRun(run);
        OnEvent(world, new ServerStarted(run.Incarnation, null));
        if (run.IsFused)
            world.Send(new FuseBurns(run.Incarnation), run.KillAt - world.Now);
        world.Send(new RunAnswers(Ref, run.Incarnation), Hop.Boot);
        world.Send(new RunFlushes(run.Incarnation), RunFlushes.Every);
    }
}
