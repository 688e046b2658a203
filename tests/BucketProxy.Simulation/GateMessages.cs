using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Simulation;

/// <summary>A gate has found its own entry open: it is about to count the request in and to read the table again (G1).</summary>
internal sealed record Admission(ActorRef To, int Number, RoutingEntry Entry, BaseId Base, int Attempt, ActorRef? Marked) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Proxies[To.Index].Admit(world, this);
        else
            Lost(world);
    }

    public override void Lost(World world)
    {
        if (Marked is { } sender)
            world.Send(new RequestEnded(sender, Number, Unanswered: true, Reached: true), Hop.Request);
    }
}

/// <summary>A gate sends an admitted request over a connection to the run that it is bound to (G2).</summary>
internal sealed record RunRequest(ActorRef From, int Number, BaseId Base, string Incarnation) : Message
{
    public override ActorRef? Addressee => From;

    public override void Deliver(World world)
    {
        if (!world.IsRunning(From) || !world.Proxies[From.Index].InFlight.Any(f => f.Number == Number))
            return;
        var run = world.RunOf(Incarnation);
        if (run is null && (world.Options.Mutation.World & WorldMutations.UnboundConnection) != 0)
            run = world.Runs.Find(r => r.Index == world.Gates[world.Proxies[From.Index].Gate!.Value].Node);
        if (run is not null && run.TryBegin(world, Base, Number))
            world.Send(new RunWork(run.Incarnation, From, Number, Base), Hop.Work);
        else
            world.Send(new RequestEnded(From, Number, Unanswered: true, Reached: false), Hop.Local);
    }
}

/// <summary>The run has worked on it long enough: it writes a row and answers.</summary>
internal sealed record RunWork(string Incarnation, ActorRef From, int Number, BaseId Base) : Message
{
    public override string? Run => Incarnation;

    public override void Deliver(World world)
    {
        var run = world.RunOf(Incarnation);
        run?.Finish(world, Base, Number);
        // Its connection is closed with the process.
        world.Send(new RequestEnded(From, Number, Unanswered: run is null, Reached: true), Hop.Local);
    }
}

/// <summary>A gate's child is forked.</summary>
internal sealed record RunStarts(ActorRef Gate, TimeSpan KillAt) : Message
{
    public override ActorRef? Addressee => Gate;

    public override void Deliver(World world)
    {
        if (world.IsRunning(Gate))
            world.Gates[Gate.Index].Launch(world, KillAt);
    }
}

/// <summary>A run answers <c>/ping/</c> for the first time.</summary>
internal sealed record RunAnswers(ActorRef Gate, string Incarnation) : Message
{
    public override string? Run => Incarnation;

    public override void Deliver(World world)
    {
        if (world.RunOf(Incarnation) is not null)
            world.Send(new GateTold(Gate, new ServerAnswered(Incarnation)), Hop.Local);
    }
}

/// <summary>A run that was asked to stop has had time to save.</summary>
internal sealed record RunStops(string Incarnation) : Message
{
    public override string? Run => Incarnation;

    public override void Deliver(World world)
    {
        if (world.RunOf(Incarnation) is not { } run)
            return;
        if (run.Memory.Running.Count > 0)
        {
            world.Send(this, Hop.Again);
            return;
        }
        run.Save(world);
        world.EndRun(run, hasSaved: true);
    }
}

/// <summary>A run saves what it has, from time to time.</summary>
internal sealed record RunFlushes(string Incarnation) : Message
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(4);

    public override string? Run => Incarnation;

    public override void Deliver(World world)
    {
        if (world.RunOf(Incarnation) is not { } run)
            return;
        run.Save(world);
        world.Send(this, Every);
    }
}

/// <summary>A gate has killed its child, which takes a moment.</summary>
internal sealed record RunKilled(string Incarnation) : Message
{
    public override void Deliver(World world)
    {
        if (world.RunOf(Incarnation) is { } run)
            world.EndRun(run, hasSaved: false);
    }
}

/// <summary>G5: the fuse of a run. It is no part of the gate, and does not wait for it.</summary>
internal sealed record FuseBurns(string Incarnation) : Message
{
    public override void Deliver(World world)
    {
        if (world.RunOf(Incarnation) is not { } run || (world.Options.Mutation.World & WorldMutations.NoFuse) != 0)
            return;
        if (run.KillAt <= world.Now)
            world.EndRun(run, hasSaved: false);
        else
            world.Send(this, run.KillAt - world.Now);
    }
}

/// <summary>G9: a save that was on its way when its process died comes to the storage.</summary>
internal sealed record LateSave(ServerRun Dead, TimeSpan Until) : Message
{
    public override void Deliver(World world) => Dead.Save(world);
}

/// <summary>A server is asked by its gate to save and unload a bucket.</summary>
internal sealed record RunReleases(ActorRef Gate, string Incarnation, ReleaseWish Wish) : Message
{
    public override string? Run => Incarnation;

    public override void Deliver(World world)
    {
        var name = Wish.Bucket.ToString();
        if (world.RunOf(Incarnation) is not { Stopping: false } run)
        {
            world.Send(new GateTold(Gate, new BucketReleased(name, Wish.Move, "no connection")), Hop.Node);
            return;
        }
        var bases = world.Options.Bases.Where(id => Wish.Pin is { } pin ? pin.Covers(id) : id.Bucket == Wish.Bucket).ToArray();
        if (run.TryRelease(world, bases))
            world.Send(new GateTold(Gate, new BucketReleased(name, Wish.Move, null)), Hop.Node);
        else
            world.Send(this, Hop.Again);
    }
}

/// <summary>Something comes back to a gate.</summary>
internal sealed record GateTold(ActorRef To, GateEvent Event) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Gates[To.Index].OnEvent(world, Event);
    }
}

/// <summary>A request that a proxy or another gate has sent has come to a gate.</summary>
internal sealed record MarkedRequest(ActorRef To, ForwardedRequest Request) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Proxies[To.Index].OnMarked(world, Request);
        else
            Lost(world);
    }

    public override void Lost(World world) =>
        world.Send(new RequestEnded(Request.From, Request.Number, Unanswered: true, Reached: true), Hop.Request);
}

/// <summary>A gate asks a server that is not its own whether it answers.</summary>
internal sealed record GatePings(ActorRef Gate) : Message
{
    public override ActorRef? Addressee => Gate;

    public override void Deliver(World world)
    {
        if (!world.IsRunning(Gate))
            return;
        var gate = world.Gates[Gate.Index];
        if (world.RunOf(gate.UnsupervisedRun) is { Frozen: false })
            gate.OnEvent(world, new ServerAnswered(gate.State.Run!));
        else
            world.Send(this, Hop.Again);
    }
}
