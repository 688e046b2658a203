namespace BucketProxy.GateBench;

/// <summary>How much to measure.</summary>
internal sealed record GateBenchOptions
{
    /// <summary>What there is, in the order of the report.</summary>
    public static IReadOnlyList<string> AllParts { get; } = ["moves", "kills", "hosts", "requests", "throughput"];

    /// <summary>Which of <see cref="AllParts"/>.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>How often a node is drained and gets its share back.</summary>
    public required int Cycles { get; init; }

    /// <summary>Servers killed.</summary>
    public required int Kills { get; init; }

    /// <summary>Machines lost.</summary>
    public required int Hosts { get; init; }

    /// <summary>Rounds of what takes turns.</summary>
    public required int Rounds { get; init; }

    /// <summary>Length of one run of what takes turns.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Length of the run before the first round: what is compiled as it runs must have been.</summary>
    public required TimeSpan WarmUp { get; init; }

    /// <summary>Rows a second while buckets move.</summary>
    public int Rate { get; init; } = 200;

    /// <summary>Bases that they go to.</summary>
    public int Bases { get; init; } = 500;

    /// <summary>Decides the bases.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The last build before there were gates; null: it is not compared.</summary>
    public string? Earlier { get; init; }

    /// <summary>Where logs, journals and storage stay; null: a folder that is removed when all is well.</summary>
    public string? Directory { get; init; }
}
