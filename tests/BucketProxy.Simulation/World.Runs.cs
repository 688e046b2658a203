using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Simulation;

/// <summary>Gates' servers, and processes that are frozen.</summary>
internal sealed partial class World
{
    /// <summary>The runs that live, of servers behind gates.</summary>
    public List<ServerRun> Runs { get; } = [];

    /// <summary>Whoever may hold a base in memory.</summary>
    public IEnumerable<IHolder> Holders => Nodes.Where(n => n.Gate == GateKind.None).Cast<IHolder>().Concat(Runs);

    /// <summary>What stands for whichever run answers there, of a server that no gate supervises.</summary>
    public static string UnsupervisedRun(int node) => $"unsupervised-{node}";

    /// <summary>The run, if it lives.</summary>
    public ServerRun? RunOf(string? incarnation) => incarnation is null
        ? null
        : Runs.Find(r => r.Incarnation == incarnation || (r.Gate is null && UnsupervisedRun(r.Index) == incarnation));

    public void AddRun(ServerRun run) => Runs.Add(run);

    /// <summary>No process of the run is left.</summary>
    public void EndRun(ServerRun run, bool hasSaved)
    {
        Runs.Remove(run);
        if (!hasSaved)
        {
            Truth.OnCrash(this, run);
            Network.Died(this, run);
        }
        if (run.Gate is { } gate)
            Send(new GateTold(gate, new ServerEnded(run.Incarnation, hasSaved)), Hop.Local);
    }

    /// <summary>Whether a message must wait, because what would take it is frozen. What a process waits for is kept there.</summary>
    public bool TryPark(Message message)
    {
        if (message.Run is { } run && RunOf(run) is { Frozen: true })
        {
            Send(message, Hop.Again);
            return true;
        }
        if (message.Addressee is not { } to || GateOf(to) is not { Frozen: true } gate || !IsRunning(to))
            return false;
        gate.Park(message);
        return true;
    }

    private GateActor? GateOf(ActorRef actor) => actor.Role switch
    {
        Role.Gate => Gates[actor.Index],
        Role.Proxy when Proxies[actor.Index].Gate is { } gate => Gates[gate],
        _ => null,
    };
}
