using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Gating;

/// <summary>How a gate takes part in the cluster.</summary>
public sealed record GateAgentOptions
{
    /// <summary>Unique per process.</summary>
    public required string Instance { get; init; }

    /// <summary>Instances that ran before this one and are dead for certain. Where the server is not the gate's to run, this one takes their key over:
    /// the server is the one that it was.</summary>
    public IReadOnlyList<string> Predecessors { get; init; } = [];

    /// <summary>The node behind the gate, for example <c>dtable-server-01</c>.</summary>
    public required string NodeId { get; init; }

    /// <summary>Where the gate reaches the server; nobody else does.</summary>
    public required Uri Server { get; init; }

    /// <summary>What goes into <c>local_node_url</c>: where proxies reach the gate.</summary>
    public required string LocalNodeUrl { get; init; }

    /// <summary>What goes into <c>node_url</c>: where browsers are sent.</summary>
    public required string NodeUrl { get; init; }

    /// <summary>Whether the gate owns the server's process.</summary>
    public bool Supervised { get; init; } = true;

    /// <summary>How the server gives a bucket up; <see cref="ReleaseMode.Restart"/> only where it is supervised.</summary>
    public ReleaseMode Release { get; init; } = ReleaseMode.Restart;

    /// <summary>
    /// Time to live of the lease; default 20 s, at least 3 s. Raising it lets the server outlast a longer absence of the store, and makes the
    /// cluster wait longer for a lost machine. Less <see cref="Margin"/> and <see cref="SaveTime"/>, it is how long the store may be away
    /// before the server is asked to stop.
    /// </summary>
    public TimeSpan LeaseTimeToLive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long before its lease could end the server is killed; default 1 s. It covers clocks that run at different speeds, and the
    /// time that killing takes.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server has to save when it is asked to stop, before it is killed; default 5 s. With <see cref="Margin"/>, less than
    /// three quarters of <see cref="LeaseTimeToLive"/>.</summary>
    public TimeSpan SaveTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a save of a dead server can still land; default 5 s (G9).</summary>
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may take to answer after its start, before it is killed and started anew; default 120 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long running requests hold a restart up, before it is put off; default 4 s.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The version, for people.</summary>
    public string? Version { get; init; }

    /// <summary>How long before its lease could end the gate stops admitting, and asks the server to save.</summary>
    public TimeSpan StopMargin => Supervised ? Margin + SaveTime : Margin;

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message says which and what is allowed.</exception>
    public void Validate()
    {
        if (LeaseTimeToLive < TimeSpan.FromSeconds(3))
            throw new ArgumentException($"LeaseTimeToLive {LeaseTimeToLive} must be at least 3 s.");
        if (Margin <= TimeSpan.Zero || SaveTime < TimeSpan.Zero || StopMargin * 4 > LeaseTimeToLive * 3)
            throw new ArgumentException($"Margin {Margin} must be above 0, and with SaveTime ({SaveTime}) at most three quarters of LeaseTimeToLive ({LeaseTimeToLive}).");
        if (LateSaveTime < TimeSpan.Zero || StartTimeout <= TimeSpan.Zero || DrainTime < TimeSpan.Zero)
            throw new ArgumentException("LateSaveTime and DrainTime must not be negative, StartTimeout must be above 0.");
        if (Release == ReleaseMode.Watch || (Release == ReleaseMode.Restart && !Supervised))
            throw new ArgumentException($"Release {Release} is not possible; {(Supervised ? "call, restart or none" : "call or none, since the server's process is not the gate's")} is allowed.");
    }
}
