namespace BucketProxy.Cluster.Mirror;

/// <summary>How the mirror follows the store.</summary>
public sealed record MirrorOptions
{
    /// <summary>
    /// How often everything is read anew and compared, so that a watch that is dead without saying so is found (S8);
    /// default 4 s, 0.1 s to 60 s: together with the time that the read takes, a table is at most 5 s old. Lower: found sooner, more reads (some 100 KB each). Higher: a table may be old for longer.
    /// </summary>
    public TimeSpan RereadInterval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>First pause before a broken watch or read is tried again; default 50 ms. It doubles up to <see cref="MaxBackoff"/>,
    /// with jitter. There is none after a watch that lasted at least twice <see cref="MaxBackoff"/>.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest pause before trying again; default 2 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a watch may lag behind a comparing read before it counts as wedged; default 1 s.</summary>
    public TimeSpan WatchLag { get; init; } = TimeSpan.FromSeconds(1);
}
