using BucketProxy.Core.Bases;

namespace BucketProxy.Simulation;

/// <summary>
/// One run of the server behind a gate: a process that loads bases, saves them from time to time and when it is asked to stop, and that a
/// fuse kills, whatever becomes of the gate (G5).
/// </summary>
/// <param name="node">The node.</param>
/// <param name="number">Which of the node's runs it is.</param>
/// <param name="gate">The gate whose child it is; null: nobody's (the gate does not supervise it).</param>
internal sealed class ServerRun(GatedNode node, int number, ActorRef? gate) : IHolder
{
    private readonly int _index = node.Index;

    public string Id { get; } = node.Id;

    public int Index => _index;

    public int Run => number;

    public string Incarnation { get; } = $"run-{node.Index}-{number}";

    public ActorRef? Gate => gate;

    /// <summary>When the fuse kills it.</summary>
    public TimeSpan KillAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>G5: its fuse was lit. That takes a deadline; one that was not lit is not extended either.</summary>
    public bool IsFused { get; init; }

    /// <summary>It does nothing until it is thawed, or killed.</summary>
    public bool Frozen { get; set; }

    /// <summary>It was asked to stop: it takes no request any more, finishes, saves and ends.</summary>
    public bool Stopping { get; private set; }

    public ServerMemory Memory { get; private set; } = ServerMemory.Empty;

    public bool Holds(BaseId id) => Memory.Has(id);

    public ServerRun Clone() => (ServerRun)MemberwiseClone();

    public string Describe() => $"R{Incarnation} of {gate} until {KillAt} {IsFused} {Frozen} {Stopping} {Memory.Describe()}";

    /// <summary>A request comes over a connection that is bound to this run. False: it takes none any more.</summary>
    public bool TryBegin(World world, BaseId id, int number)
    {
        if (Stopping)
            return false;
        world.Truth.OnReached(number, Incarnation);
        world.Truth.OnServe(world, this, id);
        if (!Memory.Loaded.ContainsKey(id))
            world.Truth.OnLoad(id, this);
        Memory = Memory.Begin(id, number, world.Stored(id));
        return true;
    }

    public void Finish(World world, BaseId id, int number)
    {
        if (!Memory.Running.Contains((id, number)))
            return;
        world.Truth.OnServe(world, this, id);
        Memory = Memory.Finish(id, number, world.Stored(id));
        world.Truth.OnWritten(id, number);
    }

    public void Abort(BaseId id, int number) => Memory = Memory.Abort(id, number);

    public void SignalStop(World world)
    {
        if (Stopping)
            return;
        Stopping = true;
        world.Send(new RunStops(Incarnation), Hop.Save);
    }

    /// <summary>Writes all that it has loaded over what the storage has.</summary>
    public void Save(World world)
    {
        foreach (var (id, rows) in Memory.Loaded)
        {
            world.Truth.OnSave(id, this);
            world.Save(id, rows);
        }
    }

    /// <summary>Saves these bases and lets go of them. False: it still works on one.</summary>
    public bool TryRelease(World world, IReadOnlyCollection<BaseId> bases)
    {
        if (bases.Any(Memory.IsWorkingOn))
            return false;
        foreach (var id in bases)
        {
            if (!Memory.Loaded.TryGetValue(id, out var rows))
                continue;
            world.Truth.OnSave(id, this);
            world.Save(id, rows);
            Memory = Memory.Unload(id);
        }
        return true;
    }
}
