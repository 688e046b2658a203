namespace BucketProxy.SystemTest.Gates;

/// <summary>How a gate and the server behind it are run. The times are short, so that a run is short.</summary>
internal sealed record GateProcessOptions
{
    /// <summary>By the times that gates are installed with.</summary>
    public static GateProcessOptions AsInstalled { get; } = new() { Lease = null, SaveTime = null, LateSaveTime = null };

    /// <summary>How the server stands behind the gate.</summary>
    public Stand Stand { get; init; }

    /// <summary>Time to live of the gate's lease: of 12 s, a store that is away for 7 s stops the servers. Null: the program's default, as of the two below.</summary>
    public TimeSpan? Lease { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long the server may take to save when it is stopped.</summary>
    public TimeSpan? SaveTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a save of a dead server may still land.</summary>
    public TimeSpan? LateSaveTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the server saves by itself.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(2);
}
