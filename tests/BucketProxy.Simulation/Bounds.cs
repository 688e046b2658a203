using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>Where a search begins. Each but the first is a state that the simulated actors came to by themselves, step by step.</summary>
internal enum Situation
{
    /// <summary>The cluster at rest: one leader, one proxy that serves, the bucket and its pinned base on node 0.</summary>
    Rest,

    /// <summary>… and an order for the bucket to go to node 1.</summary>
    Ordered,

    /// <summary>… while node 0 has both bases in memory.</summary>
    OrderedWhileHeld,

    /// <summary>The pinned base is wished on node 1; the bucket stays.</summary>
    PinWished,

    /// <summary>The bucket went to node 1, then a second proxy joined; it is ordered back.</summary>
    JoinedAfterAMove,

    /// <summary>Node 0 was taken for dead and lost the bucket, and is heard of again; the bucket is ordered back to it.</summary>
    BackAfterALoss,

    /// <summary>A fencing proxy's lease was lost, and it heard nothing of that for so long that it counts as silent; then the order.</summary>
    FencedProxyLost,

    /// <summary>… it heard of it and has a new lease, but all that it writes is lost.</summary>
    NewLeaseUnknown,

    /// <summary>Node 1 has never been there, and nobody has heard of it.</summary>
    NodeNeverSeen,

    /// <summary>The cluster at rest, while node 0 has the base in memory.</summary>
    Held,

    /// <summary>An order for the bucket to go to node 1; the server of node 0 has released it, and the first that its gate says of that is under way.</summary>
    ReleaseUnderWay,

    /// <summary>The server of node 0 has died, and the bucket goes to node 1. The next run does not answer yet, and the part of gate 0 as a proxy has
    /// not come round to any of that.</summary>
    Died,

    /// <summary>Node 1 has never been there. The lease of gate 0 ended and its server died, the bucket stayed its own; it has a new lease, and its
    /// next server was forked behind that and serves.</summary>
    BeganAnew,
}

/// <summary>How often each thing may happen from outside, at most: the bounds of a search.</summary>
internal sealed record Bounds
{
    public required string Name { get; init; }

    /// <summary>Requests that clients send.</summary>
    public int Requests { get; init; }

    /// <summary>Times at which the clock jumps to the next timer, with everything else still under way.</summary>
    public int Jumps { get; init; }

    /// <summary>Proxies that join late.</summary>
    public int Joins { get; init; }

    /// <summary>Times at which the leader's lease ends and it does not know.</summary>
    public int LeaderLosses { get; init; }

    /// <summary>Writes whose outcome their sender never learns; they may be applied at any later time.</summary>
    public int LostAnswers { get; init; }

    /// <summary>Times at which a proxy's lease ends.</summary>
    public int ProxyLosses { get; init; }

    /// <summary>Times at which the lease of a node that lives ends, and comes again.</summary>
    public int NodeLosses { get; init; }

    /// <summary>Further orders, each moving the bucket to the other node.</summary>
    public int Orders { get; init; }

    /// <summary>Times at which an operator takes an order's move back by draining its target.</summary>
    public int Drains { get; init; }

    /// <summary>Times at which somebody else writes the bucket's owner.</summary>
    public int ForeignWrites { get; init; }

    /// <summary>Times at which the registration of a node is lost that can be reached all the time.</summary>
    public int Unregistrations { get; init; }

    /// <summary>Times at which an operator has a proxy forgotten that lives.</summary>
    public int Forgets { get; init; }

    /// <summary>Times at which the leader's process ends.</summary>
    public int Crashes { get; init; }

    /// <summary>Times at which a proxy's process ends and its successor starts from its disk.</summary>
    public int Successors { get; init; }

    /// <summary>Nodes that come for the first time.</summary>
    public int NewNodes { get; init; }

    /// <summary>Every node has a gate that supervises its server.</summary>
    public bool Gated { get; init; }

    /// <summary>… and there is a proxy as well.</summary>
    public bool Proxied { get; init; }

    /// <summary>Times at which <see cref="Seconds"/> pass. A gate's lease lives for four of them.</summary>
    public int Ticks { get; init; }

    /// <summary>Seconds that pass at a time; gate 0 does nothing between them.</summary>
    public int Seconds { get; init; } = 1;

    /// <summary>Times at which a gate sends a renewal of its lease; the answer may take any time.</summary>
    public int Renewals { get; init; }

    /// <summary>Times at which a server behind a gate dies.</summary>
    public int Exits { get; init; }

    /// <summary>Times at which a gate dies.</summary>
    public int GateDeaths { get; init; }

    /// <summary>Times at which a second gate of node 0 starts.</summary>
    public int SecondGates { get; init; }

    /// <summary>Times at which somebody deletes the registration of node 0.</summary>
    public int Deletions { get; init; }

    /// <summary>Times at which gate 0 starts again after it died.</summary>
    public int GateStarts { get; init; }

    /// <summary>Gate 0 does not supervise its server.</summary>
    public bool Unsupervised { get; init; }

    /// <summary>A child of gate 0 may take any time to be forked.</summary>
    public bool LateForks { get; init; }

    /// <summary>The loop of gate 0's part as a proxy may take any time to come round.</summary>
    public bool Stalls { get; init; }

    public Situation Start { get; init; } = Situation.Ordered;

    public ReleaseMode Mode { get; init; } = ReleaseMode.Call;

    public StoreLossMode Proxies { get; init; } = StoreLossMode.Serve;
}

