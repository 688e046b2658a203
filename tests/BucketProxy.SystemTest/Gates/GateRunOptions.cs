namespace BucketProxy.SystemTest.Gates;

/// <summary>What is done to a cluster of gated servers.</summary>
public sealed record GateRunOptions
{
    /// <summary>Decides bases, and what is hit.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Bases that rows are appended to.</summary>
    public int Bases { get; init; } = 200;

    /// <summary>Rows a second, over all writers.</summary>
    public int Rate { get; init; } = 100;

    /// <summary>How long a frozen process stays frozen.</summary>
    public TimeSpan Freeze { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Only disturbances whose name holds this text; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>
    /// The control: a gate is killed whose fuse stands still, before a server that does not stop. Nothing ends that server then, and the checker must find what it does.
    /// </summary>
    public bool WithoutFuse { get; init; }

    /// <summary>Where logs, journals and storage stay; null: a folder that is removed when all is well.</summary>
    public string? Directory { get; init; }
}
