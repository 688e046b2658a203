
namespace BucketProxy.Configuration;

/// <summary>Who assigns buckets.</summary>
internal enum MonitorMode
{
    /// <summary>BucketProxy's monitors do.</summary>
    On,

    /// <summary>Somebody else's monitor does; this cluster's proxies follow it.</summary>
    Off,
}

/// <summary>The cluster monitor.</summary>
internal sealed record MonitorSettings
{
    [Setting("'on': the processes with the role 'monitor' assign buckets. 'off': somebody else's monitor writes the assignments, and BucketProxy only follows them.",
        Shorthand = true)]
    public MonitorMode Mode { get; init; } = MonitorMode.On;

    [Setting("How many live servers there must be before a bucket that never had an owner gets one.", Min = "1", Max = "1000",
        Raise = "Nothing is served until they are there.", Lower = "The first server to come gets all 256 buckets, and evening out costs moves.")]
    public int MinNodes { get; init; } = 1;

    [Setting("Whether buckets are evened out when servers come, go or are loaded unevenly. Off: only /rebalance/ moves what has a living owner, as in SeaTable.",
        Raise = "On: moves at times nobody chose.", Lower = "Off: a new server stays empty until somebody orders a rebalance.")]
    public bool AutoRebalance { get; init; }

    [Setting("The time to live of the leader's lease.", Min = "2s", Max = "2m",
        Raise = "Longer without a leader after a crash.", Lower = "More renewals, and changes of leader when the store is slow.")]
    public TimeSpan LeaderLease { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("How long before its lease could end a leader stops deciding. Less than half of leaderLease. Safety does not hang on it.", Min = "100ms", Max = "1m",
        Raise = "It stops sooner when the store is slow.", Lower = "Two monitors may both be busy for a moment.")]
    public TimeSpan LeaderMargin { get; init; } = TimeSpan.FromSeconds(3);

    [Setting("How long a planned move waits for every proxy to have nothing in flight to the old owner; then it is given up and tried later.", Min = "100ms", Max = "20s",
        Raise = "Longer requests can end; new ones are held longer.", Lower = "Moves of busy buckets are given up more often.")]
    public TimeSpan QuiesceTimeout { get; init; } = TimeSpan.FromSeconds(4);

    [Setting("How long a server may take to save and unload one bucket. Requests of the bucket are held meanwhile.", Min = "100ms", Max = "1m",
        Raise = "Requests are held longer for a slow server.", Lower = "Moves off a server with large bases are given up.")]
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromSeconds(15);

    [Setting("For release mode 'watch': how long after the grant the old owner has to see it and save.", Min = "0s", Max = "20s",
        Raise = "Requests are held longer.", Lower = "Two servers may hold one base for a moment.")]
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("For a server that died behind a supervised gate which never said so itself: how long its last save can still land. Its buckets open elsewhere only then.", Min = "0s", Max = "1m",
        Raise = "Requests wait longer after a loss.", Lower = "A dead server's last save lands over the new owner's.")]
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("The pause before a move that was given up is tried again; it doubles each time.", Min = "100ms", Max = "10m",
        Raise = "A drain takes longer.", Lower = "Busy buckets are held more often for nothing.")]
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("The longest such pause.", Min = "100ms", Max = "1h",
        Raise = "A busy bucket is tried less often.", Lower = "It is held more often for nothing.")]
    public TimeSpan RetryPauseLimit { get; init; } = TimeSpan.FromMinutes(5);

    [Setting("After how many tries a rebalance gives one move up and says why. A drain never gives up.", Min = "1", Max = "100",
        Raise = "An order takes longer to end.", Lower = "More moves are left out.")]
    public int OrderAttempts { get; init; } = 5;

    [Setting("Moves at one time.", Min = "1", Max = "64",
        Raise = "A drain is faster; more requests wait at once.", Lower = "A drain is slower.")]
    public int ParallelMoves { get; init; } = 8;

    [Setting("How often each server's /ping/ is asked.", Min = "100ms", Max = "1m",
        Raise = "A dead server is noticed later.", Lower = "More pings.")]
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("How long one /ping/ may take.", Min = "100ms", Max = "1m",
        Raise = "A hanging server is noticed later.", Lower = "A busy server counts as silent.")]
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    [Setting("For how long a server must be unregistered and silent before its buckets go to others.", Min = "0s", Max = "1h",
        Raise = "A restarting server has more time to come back to its buckets; their requests wait.", Lower = "A restart costs moves.")]
    public TimeSpan NodeGrace { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("After how long a silence a server that we registered is taken out. Not with static placement, where nothing fails over.", Min = "1s", Max = "1h",
        Raise = "A dead server's requests wait longer.", Lower = "A hanging server loses its buckets, and with them what it had not saved.")]
    public TimeSpan RegistrationTimeout { get; init; } = TimeSpan.FromSeconds(90);

    [Setting("For clusters that judge a server by its refresh_time instead of a lease: after how long without a change of it the server counts as gone.",
        Min = "5s", Max = "1h", DefaultText = "none: a registration that is there counts",
        Raise = "A dead server is noticed later.", Lower = "A slow one counts as dead.")]
    public TimeSpan? RefreshTimeout { get; init; }

    [Setting("More than one, and more than a third, of the owners lost within this time: nothing is moved until an operator decides.", Min = "1s", Max = "1h",
        Raise = "More coincidences count as one disaster.", Lower = "A disaster that takes its time is not seen as one.")]
    public TimeSpan MassLossWindow { get; init; } = TimeSpan.FromSeconds(90);

    [Setting("For how long a bucket rests after a move before the planner moves it again. Lost servers, drains and pins do not wait.", Min = "0s", Max = "24h",
        Raise = "Load is evened out more slowly.", Lower = "Hot buckets wander.")]
    public TimeSpan RestTime { get; init; } = TimeSpan.FromMinutes(10);

    [Setting("How often load is looked at: about as often as proxies publish it.", Min = "1s", Max = "10m",
        Raise = "Uneven load is seen later.", Lower = "The same report is looked at twice.")]
    public TimeSpan LoadInterval { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("For release mode 'call': the path that is called, under the server's local_node_url.", Allowed = "a path that begins with '/', without a query")]
    public string ReleasePath { get; init; } = "/bucketproxy/release";

    [Setting("How long the records of orders and moves are kept.", Min = "1h", Max = "3650d",
        Raise = "More in the store.", Lower = "Less to look back at.")]
    public TimeSpan AuditRetention { get; init; } = TimeSpan.FromDays(30);
}
