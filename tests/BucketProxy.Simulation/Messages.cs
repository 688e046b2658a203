using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;

namespace BucketProxy.Simulation;

internal enum Role
{
    Monitor,
    Proxy,
    Node,
    Gate,
}

/// <summary>One run of an actor: what is addressed to an earlier run never arrives.</summary>
internal readonly record struct ActorRef(Role Role, int Index, int Run);

/// <summary>Something under way that is delivered later, or never.</summary>
internal abstract record Message
{
    public abstract void Deliver(World world);

    /// <summary>The process that takes it: while that is frozen, it waits. Null: none does.</summary>
    public virtual ActorRef? Addressee => null;

    /// <summary>The run of a server that takes it: while that is frozen, it waits. Null: none does.</summary>
    public virtual string? Run => null;

    /// <summary>The process that was to take it has died, frozen.</summary>
    public virtual void Lost(World world)
    {
    }
}

/// <summary>What an actor asks of the store.</summary>
internal abstract record StoreCall;

internal sealed record WriteCall(string Subject, StoreTransaction Transaction, long LeaderRevision, object? Note = null) : StoreCall;

internal sealed record GrantLeaseCall(TimeSpan TimeToLive, TimeSpan SentAt) : StoreCall;

internal sealed record RenewLeaseCall(long Lease, TimeSpan SentAt) : StoreCall;

/// <summary>A linearizable read of one key.</summary>
internal sealed record ReadKeyCall(string Key, object? Note) : StoreCall;

/// <summary>A read of a gate's key and its node's registration at one revision.</summary>
internal sealed record ReadGateCall(string Gate, string Node) : StoreCall;

internal sealed record RevokeLeaseCall(long Lease) : StoreCall;

internal sealed record ListProxiesCall : StoreCall;

/// <summary>A linearizable read after a write of unknown outcome.</summary>
internal sealed record BarrierCall(string Subject) : StoreCall;

internal sealed record StoreRequest(ActorRef From, StoreCall Call, bool ReplyIsLost) : Message
{
    public override void Deliver(World world) => world.Execute(this);
}

internal sealed record StoreReply(ActorRef To, StoreCall Call, object? Result) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Client(To).OnReply(world, Call, Result);
    }
}

/// <summary>The deadline of a call whose answer never came. The call may have been carried out, or may yet be.</summary>
internal sealed record StoreCallFailed(ActorRef To, StoreCall Call) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Client(To).OnFailed(world, Call);
    }
}

/// <summary>An actor's watch comes up to a revision.</summary>
internal sealed record ViewDelivery(ActorRef To, long Revision) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Show(To, Revision);
    }
}

/// <summary>A timer of an actor.</summary>
internal sealed record Tick(ActorRef To, string Kind, long Number) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Actor(To).OnTick(world, Kind, Number);
    }
}

internal sealed record PingRequest(ActorRef From, int Node) : Message
{
    public override void Deliver(World world)
    {
        if (world.IsRunning(From))
            world.Monitors[From.Index].OnPing(world, Node, world.Nodes[Node].Answers(world));
    }
}

internal sealed record ReleaseRequest(ActorRef From, int Node, Bucket Bucket, BasePrefix? Pin, long Move) : Message
{
    public override void Deliver(World world) => world.Nodes[Node].OnRelease(world, this);
}

internal sealed record ReleaseReply(ActorRef To, Bucket Bucket, long Move, string? Failure) : Message
{
    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Monitors[To.Index].OnReleased(world, this);
    }
}

internal sealed record RestartRequest(ActorRef From, int Node) : Message
{
    public override void Deliver(World world) => world.Nodes[Node].OnRestart(world, this);
}

internal sealed record RestartReply(ActorRef To, int Node, string? Failure) : Message
{
    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Monitors[To.Index].OnRestarted(world, this);
    }
}

/// <summary>A client's request has come to a proxy or gate.</summary>
internal sealed record ClientRequest(ActorRef To, int Number, BaseId Base) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Proxies[To.Index].TryForward(world, Number, Base);
    }
}

/// <summary>A request on its way to a node.</summary>
internal sealed record ForwardedRequest(ActorRef From, int Number, BaseId Base, int Node) : Message
{
    /// <summary>It goes to a gate.</summary>
    public bool IsGated { get; init; }

    // Closed before it came, a connection brings nothing; closed later, it ends what the node works on.
    public override void Deliver(World world)
    {
        if (world.IsRunning(From) && world.Proxies[From.Index].InFlight.Any(f => f.Number == Number))
            world.Nodes[Node].OnRequest(world, this);
    }
}

/// <summary>The node has worked on it long enough: it writes a row and answers.</summary>
internal sealed record RequestWork(ActorRef Node, ForwardedRequest Request) : Message
{
    public override void Deliver(World world)
    {
        if (world.IsRunning(Node))
            world.Nodes[Node.Index].Finish(world, Request);
        // Its connection is closed with the process.
        world.Send(new RequestEnded(Request.From, Request.Number, Unanswered: !world.IsRunning(Node), Reached: true), Hop.Local);
    }
}

internal sealed record RequestEnded(ActorRef To, int Number, bool Unanswered, bool Reached) : Message
{
    public override ActorRef? Addressee => To;

    /// <summary>A gate refused it: the revision of its table (421); 0: it did not.</summary>
    public long Told { get; init; }

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Proxies[To.Index].OnEnded(world, this);
    }
}

/// <summary>A request whose connection was refused, or that a gate refused, is sent anew; the latter not before its sender knows what that gate knew.</summary>
internal sealed record Resend(ActorRef To, int Number, BaseId Base, int Attempt, long NotBefore = 0, int Patience = 20) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (!world.IsRunning(To))
            return;
        if (world.Proxies[To.Index].Published.Revision < NotBefore && Patience > 0)
            world.Send(this with { Patience = Patience - 1 }, Hop.Again);
        else
            world.Proxies[To.Index].TryForward(world, Number, Base, Attempt);
    }
}

/// <summary>A server that follows the map notices that it changed.</summary>
internal sealed record NodeSeesMap(ActorRef To) : Message
{
    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Nodes[To.Index].FollowMap(world);
    }
}

/// <summary>What happens from outside: a client, an operator, a fault.</summary>
internal sealed record Outside(string What, Action<World> Act) : Message
{
    public override void Deliver(World world) => Act(world);
}
