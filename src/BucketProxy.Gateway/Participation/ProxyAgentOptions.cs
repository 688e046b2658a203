using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Participation;

/// <summary>How a proxy takes part in the cluster.</summary>
public sealed record ProxyAgentOptions
{
    /// <summary>Unique per process; appears in keys, so without a slash.</summary>
    public required string Instance { get; init; }

    /// <summary>Where the admin port is reached, for people; null: not said.</summary>
    public string? Address { get; init; }

    /// <summary>The version, for people.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// What to do when the lease cannot be renewed. <see cref="StoreLossMode.Serve"/> (the default) keeps answering while the
    /// store is away; a proxy lost for good then blocks planned moves until it is replaced or forgotten.
    /// <see cref="StoreLossMode.Fence"/> stops, so that planned moves can go on without it.
    /// </summary>
    public StoreLossMode OnStoreLoss { get; init; } = StoreLossMode.Serve;

    /// <summary>
    /// Time to live of the lease; default 15 s, at least 3 s. Raising it lets a fencing proxy outlast a longer absence of the
    /// store, and makes the cluster wait longer for a lost one.
    /// </summary>
    public TimeSpan LeaseTimeToLive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long before the lease could end a fencing proxy stops; default 3 s, less than half of the lease. It covers the
    /// time that closing everything takes, and clocks that run at different speeds.
    /// </summary>
    public TimeSpan FenceMargin { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the load is published; default 10 s. Zero: never.</summary>
    public TimeSpan LoadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Instances of earlier processes that used the same locked state directory. They are dead for certain, so this one
    /// takes their records out when it registers.
    /// </summary>
    public IReadOnlyList<string> Predecessors { get; init; } = [];

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message says which and what is allowed.</exception>
    public void Validate()
    {
        if (Instance.Length == 0 || Instance.Contains('/', StringComparison.Ordinal))
            throw new ArgumentException($"Instance '{Instance}' must not be empty nor hold a slash.");
        if (LeaseTimeToLive < TimeSpan.FromSeconds(3))
            throw new ArgumentException($"LeaseTimeToLive {LeaseTimeToLive} must be at least 3 s.");
        if (FenceMargin <= TimeSpan.Zero || FenceMargin * 2 >= LeaseTimeToLive)
            throw new ArgumentException($"FenceMargin {FenceMargin} must be above 0 and less than half of LeaseTimeToLive ({LeaseTimeToLive}).");
        if (LoadInterval < TimeSpan.Zero)
            throw new ArgumentException($"LoadInterval {LoadInterval} must not be negative.");
    }
}
