using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Simulation;

/// <summary>
/// A machine with a gate and the runs of the server behind it. It has two places for gates, so that a second one may come while the first
/// is still there.
/// </summary>
/// <param name="index">Its number.</param>
/// <param name="mode">How its server gives buckets up.</param>
/// <param name="gate">What the gate vouches for.</param>
/// <param name="first">The first of its two gates.</param>
internal sealed class GatedNode(int index, ReleaseMode mode, GateKind gate, int first) : NodeActor(index, mode)
{
    private int _runs;

    public override GateKind Gate => gate;

    public bool Supervised => gate == GateKind.Supervised;

    /// <summary>Its gates' numbers.</summary>
    public int[] Gates => [first, first + 1];

    /// <summary>The run of a server that no gate supervises.</summary>
    public string Server => $"run-{Index}-{_runs}";

    /// <summary>Of a server that is not its child a gate does not know when it started.</summary>
    public override string? StartTime => Supervised ? base.StartTime : null;

    public int NextRun() => ++_runs;

    public override bool Answers(World world) =>
        Up && !Unreachable && Array.Exists(Gates, g => world.Gates[g] is { Up: true, Frozen: false });

    public override string Describe() => $"N{Index} {(Up ? "up" : "down")} {_runs} {Unreachable}";

    public override void Start(World world)
    {
        if (Gone)
            return;
        Up = true;
        ReachableSince = world.Now;
        if (!Supervised)
            StartServer(world);
        if (!Array.Exists(Gates, g => world.Gates[g].Up))
            world.Gates[first].Start(world);
    }

    /// <summary>A server that no gate supervises starts by itself.</summary>
    public void StartServer(World world)
    {
        var run = new ServerRun(this, NextRun(), gate: null);
        world.AddRun(run);
        Run = run.Run;
        ReachableSince = world.Now;
        world.Send(new RunFlushes(run.Incarnation), RunFlushes.Every);
    }

    /// <summary>The machine is gone, with everything on it.</summary>
    public override void Crash(World world)
    {
        foreach (var run in world.Runs.Where(r => r.Index == Index).ToArray())
            world.EndRun(run, hasSaved: false);
        foreach (var its in Gates)
            world.Gates[its].Crash(world);
        Up = false;
    }

    /// <summary>At the end of all: everything is saved.</summary>
    public override void Stop(World world)
    {
        foreach (var run in world.Runs.Where(r => r.Index == Index).ToArray())
        {
            run.Save(world);
            world.EndRun(run, hasSaved: true);
        }
    }

    /// <summary>Both its gates listen at the node's address, as long as they live; which of them a connection comes to is a matter of luck.</summary>
    public override void OnRequest(World world, ForwardedRequest request)
    {
        var up = Array.FindAll(Gates, g => world.Gates[g].Up);
        if (up.Length == 0)
            world.Send(new RequestEnded(request.From, request.Number, Unanswered: true, Reached: false), Hop.Local);
        else
            world.Send(new MarkedRequest(world.Gates[up[request.Number % up.Length]].Part(world).Ref, request), Hop.Local);
    }

    // A gate lets what it has admitted run to its end, whoever goes away.
    public override void Abort(BaseId id, int number)
    {
    }

    public override void OnRelease(World world, ReleaseRequest request) =>
        throw new InvariantException("G3", $"the leader itself asks {Id} to release, which has a gate");

    public override void OnRestart(World world, RestartRequest request) =>
        throw new InvariantException("G3", $"the leader itself restarts {Id}, which has a gate");
}
