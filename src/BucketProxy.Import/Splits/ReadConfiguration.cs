namespace BucketProxy.Import.Splits;

/// <summary>A configuration of another proxy, as far as it was understood.</summary>
internal sealed record ReadConfiguration
{
    /// <summary>Whose it is.</summary>
    public required string Product { get; init; }

    /// <summary>What it makes of a request.</summary>
    public required Decision<Outcome> Decision { get; init; }

    /// <summary>What it calls its servers, by URL, in its order.</summary>
    public required IReadOnlyList<(string Url, string Name)> Servers { get; init; }

    public required ImportedSettings Settings { get; init; }

    /// <summary>What is left out, and what an operator should know.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }
}
