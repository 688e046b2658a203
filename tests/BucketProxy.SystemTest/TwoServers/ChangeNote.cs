namespace BucketProxy.SystemTest.TwoServers;

/// <summary>One change, as its operator saw it.</summary>
/// <param name="What">What the operator did.</param>
public sealed record ChangeNote(string What)
{
    /// <summary>What was said beforehand of how long it takes; empty: nothing was.</summary>
    public IReadOnlyList<string> Forecast { get; init; } = [];

    /// <summary>What is not as it must be afterwards; empty: nothing.</summary>
    public IReadOnlyList<string> Wrong { get; init; } = [];

    /// <summary>From the order until it was carried out.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>The longest that a request took which was under way meanwhile, and succeeded.</summary>
    public TimeSpan Longest { get; init; }

    /// <summary>Requests that failed meanwhile.</summary>
    public int Failed { get; init; }
}
