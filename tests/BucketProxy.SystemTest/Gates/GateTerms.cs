namespace BucketProxy.SystemTest.Gates;

/// <summary>How a gate is set, and what its server is like.</summary>
internal sealed record GateTerms
{
    /// <summary>A short lease, so that a run is short: a store that is away for 7 s stops the servers.</summary>
    public static GateTerms Short { get; } = new() { Settings = ["leaseTimeToLive=12s", "saveTime=3s", "lateSaveTime=3s"] };

    /// <summary>A server that does not stop cannot be restarted: each planned move off it would be a crash.</summary>
    public static GateTerms Zombie { get; } = new() { Settings = [.. Short.Settings, "release=none"], IsZombie = true };

    /// <summary>Settings under <c>gate</c> that are not the program's defaults, as <c>release=call</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Whether the server ignores the stop signal, and saves what it holds whether it changed or not.</summary>
    public bool IsZombie { get; init; }
}
