using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Simulation;

/// <summary>
/// A dtable-server: loads a base at first access, keeps it in memory, writes rows there, and overwrites the shared storage
/// when it flushes. How it gives a bucket up depends on its release mode.
/// </summary>
internal class NodeActor(int index, ReleaseMode mode) : Actor(Role.Node, index), IActor, IHolder
{
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(11);

    private long _lease;

    public string Id { get; } = $"dtable-server-{index:00}";

    public ReleaseMode Mode => mode;

    /// <summary>It never comes back.</summary>
    public bool Gone { get; set; }

    /// <summary>Monitors cannot reach its ping.</summary>
    public bool Unreachable { get; set; }

    /// <summary>Since when it has been up and within reach.</summary>
    public TimeSpan ReachableSince { get; set; }

    public ServerMemory Memory { get; private set; } = ServerMemory.Empty;

    public virtual string? StartTime => $"start-{Run}";

    /// <summary>What stands in front of it.</summary>
    public virtual GateKind Gate => GateKind.None;

    /// <summary>Whether it answers pings.</summary>
    public virtual bool Answers(World world) => Up && !Unreachable;

    public bool Holds(BaseId id) => Up && Memory.Has(id);

    public NodeActor Clone() => (NodeActor)MemberwiseClone();

    public virtual string Describe() => $"N{Index} run {Run} {(Up ? "up" : "down")} lease {_lease} {Unreachable} {Memory.Describe()}";

    public virtual void Start(World world)
    {
        if (Gone)
            return;
        Run++;
        Up = true;
        ReachableSince = world.Now;
        Memory = ServerMemory.Empty;
        _lease = 0;
        Renew(world);
        world.Send(new Tick(Ref, "lease", 0), LeaseTime / 3);
        world.Send(new Tick(Ref, "flush", 0), FlushEvery);
    }

    public virtual void Crash(World world)
    {
        world.Truth.OnCrash(world, this);
        Up = false;
        Memory = ServerMemory.Empty;
    }

    /// <summary>SIGTERM: saves and goes.</summary>
    public virtual void Stop(World world)
    {
        Flush(world);
        Up = false;
        Memory = ServerMemory.Empty;
    }

    public bool Awaits(long number) => true;

    public void OnTick(World world, string kind, long number)
    {
        if (kind == "flush")
        {
            Flush(world);
            world.Send(new Tick(Ref, "flush", 0), FlushEvery);
        }
        else
        {
            Renew(world);
            world.Send(new Tick(Ref, "lease", 0), LeaseTime / 3);
        }
    }

    private void Renew(World world)
    {
        if (Cut || (_lease != 0 && world.Store.RenewLease(_lease, world.Now) is not null))
            return;
        _lease = world.Store.GrantLease(LeaseTime, world.Now).LeaseId;
        world.Commit(null, new StoreTransaction
        {
            Success = [StoreOperation.PutText(world.Keys.Node(Id),
                $$"""{"local_node_url":"http://{{Id}}","node_url":"http://x","start_time":"{{StartTime}}","follows_pins":true}""", _lease)],
        });
    }

    public virtual void OnRequest(World world, ForwardedRequest request)
    {
        if (!Up)
        {
            world.Send(new RequestEnded(request.From, request.Number, Unanswered: true, Reached: false), Hop.Local);
            return;
        }
        world.Truth.OnReached(request.Number, Id);
        world.Truth.OnServe(world, this, request.Base);
        Memory = Memory.Begin(request.Base, request.Number, world.Stored(request.Base));
        world.Send(new RequestWork(Ref, request), Hop.Work);
    }

    public void Finish(World world, ForwardedRequest request)
    {
        if (!Memory.Running.Contains((request.Base, request.Number)))
            return;
        world.Truth.OnServe(world, this, request.Base);
        Memory = Memory.Finish(request.Base, request.Number, world.Stored(request.Base));
        world.Truth.OnWritten(request.Base, request.Number);
    }

    public bool IsWorkingOn(BaseId id) => Memory.IsWorkingOn(id);

    /// <summary>The connection is closed.</summary>
    public virtual void Abort(BaseId id, int number) => Memory = Memory.Abort(id, number);

    private void Flush(World world)
    {
        foreach (var (id, rows) in Memory.Loaded)
            world.Save(id, rows);
    }

    private void Unload(World world, IEnumerable<BaseId> bases)
    {
        foreach (var id in bases)
        {
            if (Memory.Loaded.TryGetValue(id, out var rows))
                world.Save(id, rows);
            Memory = Memory.Unload(id);
        }
    }

    public void FollowMap(World world)
    {
        if (mode != ReleaseMode.Watch)
            return;
        // Whoever asks the store whether it owns a base, and is not its owner any more, lets go of it.
        Unload(world, [.. Memory.Loaded.Keys.Where(id => World.OwnerOf(world.Views[^1], id)?.Owner != Id)]);
    }

    public virtual void OnRelease(World world, ReleaseRequest request)
    {
        if (!Up || Unreachable || mode != ReleaseMode.Call)
        {
            world.Send(new ReleaseReply(request.From, request.Bucket, request.Move, "no connection"), Hop.Node);
            return;
        }
        var bases = world.Options.Bases
            .Where(id => request.Pin is { } pin ? pin.Covers(id) : id.Bucket == request.Bucket).ToArray();
        if (bases.Any(IsWorkingOn))
        {
            world.Send(request, TimeSpan.FromMilliseconds(100));
            return;
        }
        Unload(world, bases);
        world.Send(new ReleaseReply(request.From, request.Bucket, request.Move, null), Hop.Node);
    }

    public virtual void OnRestart(World world, RestartRequest request)
    {
        if (mode != ReleaseMode.Restart || Unreachable)
        {
            world.Send(new RestartReply(request.From, Index, "command failed"), Hop.Node);
            return;
        }
        if (Up)
            Stop(world);
        world.Send(new RestartReply(request.From, Index, null), Hop.Node);
        world.Send(new Outside($"{Id} comes up again", w =>
        {
            if (!w.Nodes[Index].Up)
                w.Nodes[Index].Start(w);
        }), TimeSpan.FromSeconds(1));
    }
}
