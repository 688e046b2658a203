using System.Collections.Immutable;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Options;

/// <summary>Everything about the monitor that can be set. Immutable; <see cref="Validate"/> before use.</summary>
public sealed record MonitorOptions
{
    /// <summary>This monitor's name, unique per process; shown to people.</summary>
    public string Instance { get; init; } = "monitor-" + Guid.NewGuid().ToString("N")[..12];

    /// <summary>Where this monitor's admin port is reached, for people; null: unknown.</summary>
    public string? Address { get; init; }

    /// <summary>The dtable-servers that configuration knows. Others may register themselves.</summary>
    public ImmutableArray<NodeOptions> Nodes { get; init; } = [];

    /// <summary>The networks that nodes may stand in; a node elsewhere is not called, and counts as one that does not answer. Default: any.</summary>
    public NodeNetworks NodeNetworks { get; init; } = NodeNetworks.Any;

    /// <summary>How buckets are placed.</summary>
    public PlacementOptions Placement { get; init; } = new();

    /// <summary>
    /// How many live nodes there must be before a bucket that never had an owner gets one; 1 to 1000, default 1. Too low:
    /// the first node to come up gets all 256 buckets, and evening out costs moves. Too high: nothing is served until then.
    /// </summary>
    public int MinNodes { get; init; } = 1;

    /// <summary>
    /// True: evens out by itself when nodes come, go or are loaded unevenly. False (default): only an order moves what has a
    /// living owner, as SeaTable's <c>/rebalance/</c> does.
    /// </summary>
    public bool AutoRebalance { get; init; }

    /// <summary>
    /// Time to live of the leader's lease; 2 to 120 s, default 10 s. Raising it lengthens the time without a leader after a
    /// crash; lowering it costs renewals, and changes of leader when the store is slow.
    /// </summary>
    public TimeSpan LeaderLease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long before its lease could end a leader stops deciding; above 0, less than half the lease; default 3 s.
    /// Safety does not hang on it (S6 does that), only how long two monitors may both be busy.</summary>
    public TimeSpan LeaderMargin { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a planned move waits for every proxy to fall silent; 0.1 to 20 s, default 4 s. Raising it lets longer requests
    /// end, but holds new ones longer; lowering it makes busy buckets abort more often.
    /// </summary>
    public TimeSpan QuiesceTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a node may take to save and unload one bucket; 0.1 to 60 s, default 15 s. Requests of the bucket
    /// are held meanwhile.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For release mode <c>watch</c>: how long after the grant the old owner gets to see it and save; 0 to 20 s, default
    /// 2 s. Too low: two servers may hold one base for a moment.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a bucket settles that its owner lost by dying, behind a supervised gate that did not say how long a save of its server can
    /// still land (G9); 0 to 60 s, default 5 s. Too low: the dead server's last save lands over the new owner's. Higher: requests wait longer.
    /// </summary>
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long proxies hold requests; 1 to 300 s, default 25 s (as the proxies are set). Quiesce, release and settle
    /// must fit into it.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Pause before a bucket whose move was aborted is tried again; doubles with each abort; 0.1 to 600 s, default 5 s.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest such pause; at least <see cref="RetryPause"/>, up to 1 h; default 5 min.</summary>
    public TimeSpan RetryPauseLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After how many aborts an order gives a move up and says why; 1 to 100, default 5. A drain never gives up.</summary>
    public int OrderAttempts { get; init; } = 5;

    /// <summary>Moves at one time; 1 to 64, default 8. Raising it makes a drain faster and more requests wait at once.</summary>
    public int ParallelMoves { get; init; } = 8;

    /// <summary>How often each node's <c>/ping/</c> is asked; 0.1 to 60 s, default 2 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one <c>/ping/</c> may take; 0.1 to 60 s, default 3 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// For how long a node must be unregistered and not answer before its buckets go to others; 0 to 3600 s, default 10 s.
    /// Raising it gives a restarting server time to come back to its own buckets; requests wait meanwhile.
    /// </summary>
    public TimeSpan NodeGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After how much continuous failure of <c>/ping/</c>, counted by one leader, a registration that we wrote is removed; 1 to
    /// 3600 s, default 90 s as SeaTable's own. Does not apply to static placement, where nothing fails over.
    /// </summary>
    public TimeSpan RegistrationTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>For clusters that judge liveness by <c>refresh_time</c> instead of a lease: after how long without a change of it a
    /// registration counts as gone; 5 to 3600 s. Null (default): the registration's presence counts.</summary>
    public TimeSpan? RefreshTimeout { get; init; }

    /// <summary>More than one and more than a third of the owners lost within this time: freeze, and wait for an operator; 1 to
    /// 3600 s, default 90 s (one lease time of a dtable-server).</summary>
    public TimeSpan MassLossWindow { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>For how long a bucket is left alone after a move, as far as load goes; 0 to 24 h, default 10 min. Orphans, drains
    /// and pins do not wait. Lower: load is followed more closely, the same bases are moved again and again.</summary>
    public TimeSpan RestTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often load is looked at; 1 to 600 s, default 10 s, as often as proxies report it.</summary>
    public TimeSpan LoadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Path of the release call, under a node's <c>local_node_url</c>; default <c>/bucketproxy/release</c>.</summary>
    public string ReleasePath { get; init; } = "/bucketproxy/release";

    internal NodeCallOptions NodeCalls => new() { PingTimeout = PingTimeout, ReleasePath = ReleasePath, NodeNetworks = NodeNetworks };

    /// <summary>How long audit records are kept; 1 h to 3650 days, default 30 days.</summary>
    public TimeSpan AuditRetention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Everything wrong, each line with key, value and what is allowed; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new OptionErrors();
        errors.Require(Instance.Length is > 0 and <= 128, "instance", Instance, "1 to 128 characters");
        errors.Require(MinNodes is >= 1 and <= 1000, "minNodes", MinNodes, "1 to 1000");
        errors.Require(OrderAttempts is >= 1 and <= 100, "orderAttempts", OrderAttempts, "1 to 100");
        errors.Require(ParallelMoves is >= 1 and <= 64, "parallelMoves", ParallelMoves, "1 to 64");
        errors.Within(LeaderLease, Seconds(2), Seconds(120), "leaderLease");
        errors.Require(LeaderMargin > TimeSpan.Zero && LeaderMargin < LeaderLease / 2, "leaderMargin", LeaderMargin,
            "above 0, less than half of leaderLease");
        errors.Within(QuiesceTimeout, Seconds(0.1), Seconds(20), "quiesceTimeout");
        errors.Within(ReleaseTimeout, Seconds(0.1), Seconds(60), "releaseTimeout");
        errors.Within(SettleTime, TimeSpan.Zero, Seconds(20), "settleTime");
        errors.Within(LateSaveTime, TimeSpan.Zero, Seconds(60), "lateSaveTime");
        errors.Within(Hold, Seconds(1), Seconds(300), "hold");
        // L4: a request that a move holds must come through, not time out at the proxy.
        errors.Require(QuiesceTimeout + ReleaseTimeout + SettleTime < Hold, "hold", Hold,
            "more than quiesceTimeout + releaseTimeout + settleTime together");
        errors.Within(RetryPause, Seconds(0.1), Seconds(600), "retryPause");
        errors.Within(RetryPauseLimit, RetryPause, Seconds(3600), "retryPauseLimit");
        errors.Within(PingInterval, Seconds(0.1), Seconds(60), "pingInterval");
        errors.Within(PingTimeout, Seconds(0.1), Seconds(60), "pingTimeout");
        errors.Within(NodeGrace, TimeSpan.Zero, Seconds(3600), "nodeGrace");
        errors.Within(RegistrationTimeout, Seconds(1), Seconds(3600), "registrationTimeout");
        if (RefreshTimeout is { } refresh)
            errors.Within(refresh, Seconds(5), Seconds(3600), "refreshTimeout");
        errors.Within(MassLossWindow, Seconds(1), Seconds(3600), "massLossWindow");
        errors.Within(RestTime, TimeSpan.Zero, TimeSpan.FromDays(1), "restTime");
        errors.Within(LoadInterval, Seconds(1), Seconds(600), "loadInterval");
        errors.Within(AuditRetention, TimeSpan.FromHours(1), TimeSpan.FromDays(3650), "auditRetention");
        errors.Require(ReleasePath.StartsWith('/') && !ReleasePath.Contains('?', StringComparison.Ordinal),
            "releasePath", ReleasePath, "a path that begins with '/', without query");
        foreach (var twice in Nodes.GroupBy(n => n.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
            errors.Add("nodes", twice.Key, "each id once");
        foreach (var node in Nodes)
            node.Validate(errors);
        Placement.Validate(errors, Nodes.Select(n => n.Id).ToHashSet(StringComparer.Ordinal));
        return errors.All;
    }

    internal NodeOptions? Node(string id)
    {
        foreach (var node in Nodes)
        {
            if (node.Id == id)
                return node;
        }
        return null;
    }

    internal PlannerLimits PlannerLimits => new() { Rest = RestTime };

    internal bool IsStatic => Placement.Mode == PlacementMode.Static;

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
