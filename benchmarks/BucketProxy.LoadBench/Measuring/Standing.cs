namespace BucketProxy.LoadBench.Measuring;

/// <summary>What a contender is in a comparison.</summary>
internal enum Standing
{
    /// <summary>Another program.</summary>
    Other,

    /// <summary>This build, every default left alone: what the others are compared with.</summary>
    Subject,

    /// <summary>An earlier build, or this one with a setting. It is never "the best other".</summary>
    Sibling,
}
