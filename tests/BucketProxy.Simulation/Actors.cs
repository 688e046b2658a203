using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

internal interface IActor
{
    void OnTick(World world, string kind, long number);

    /// <summary>Whether a timer that was set is still the one that counts.</summary>
    bool Awaits(long number);
}

/// <summary>An actor that talks to the store.</summary>
internal interface IStoreClient : IActor
{
    void OnReply(World world, StoreCall call, object? result);

    void OnFailed(World world, StoreCall call);

    /// <summary>A newer view has come.</summary>
    void See(World world, ClusterView view);
}

/// <summary>What monitors, proxies and nodes have in common: a run, a clock that drifts, a link to the store.</summary>
internal abstract class Actor(Role role, int index)
{
    public int Run { get; set; }

    public bool Up { get; set; }

    /// <summary>Seconds of its clock in a second: 0.92 to 1.08.</summary>
    public double Rate { get; set; } = 1;

    /// <summary>Cut off from the store.</summary>
    public bool Cut { get; set; }

    /// <summary>Since when its link to the store has not been cut.</summary>
    public TimeSpan ConnectedSince { get; set; }

    /// <summary>Half its calls reach the store seconds later, when it has given them up.</summary>
    public bool Slow { get; set; }

    /// <summary>Its writes never reach the store; leases are granted and renewed.</summary>
    public bool Mute { get; set; }

    /// <summary>Its watch is silently dead.</summary>
    public bool Wedged { get; set; }

    public ClusterView? View { get; protected set; }

    /// <summary>A view is under way to it.</summary>
    public bool ViewUnderWay { get; set; }

    public int Index => index;

    public ActorRef Ref => new(role, index, Run);

    /// <summary>Its link to the store is mended.</summary>
    public void Reconnect(World world)
    {
        if (Cut)
            ConnectedSince = world.Now;
        Cut = false;
    }

    public TimeSpan Local(World world) => world.Now * Rate;

    /// <summary>In how much time of the world its own clock shows <paramref name="local"/>.</summary>
    protected TimeSpan Until(World world, TimeSpan local)
    {
        var left = (local - Local(world)) / Rate;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
