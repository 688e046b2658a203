namespace BucketProxy.SystemTest.Gates;

/// <summary>How a gate and the server behind it are run. The times are short, so that a run is short.</summary>
internal sealed record GateProcessOptions
{
    /// <summary>Time to live of the gate's lease: of 12 s, a store that is away for 7 s stops the servers.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long the server may take to save when it is stopped.</summary>
    public TimeSpan SaveTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a save of a dead server may still land.</summary>
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the server saves by itself.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The server does not stop when it is told to, and saves what it holds whether it changed or not.</summary>
    public bool IsZombie { get; init; }
}
