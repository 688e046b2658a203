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

    /// <summary>Which servers there are, and what is done to them.</summary>
    public GateRunKind Kind { get; init; }

    /// <summary>Where logs, journals and storage stay; null: a folder that is removed when all is well.</summary>
    public string? Directory { get; init; }
}

/// <summary>Which servers there are, and what is done to them.</summary>
public enum GateRunKind
{
    /// <summary>Each server is run by its gate: two that let go of buckets, each in its own way, and one that does not stop when it is told to.</summary>
    Supervised,

    /// <summary>One server is run by its gate, one by somebody else, and one has no gate.</summary>
    Mixed,

    /// <summary>
    /// A control: a gate is killed whose fuse stands still, before a server that does not stop. Nothing ends that server then, and the checker must find what it does.
    /// </summary>
    WithoutFuse,

    /// <summary>
    /// A control: a gate is killed that says that it runs its server, and runs another program. Its buckets are granted when its lease ends, its server lives on, and
    /// the checker must find what it does.
    /// </summary>
    WithoutSupervision,
}
