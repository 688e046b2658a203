namespace BucketProxy.Gateway.Model;

/// <summary>That a request was held in vain. Set by the grant stage when it gives up.</summary>
internal interface IHoldFeature
{
    TimeSpan Held { get; }
}

/// <inheritdoc cref="IHoldFeature"/>
internal sealed class HoldFeature(TimeSpan held) : IHoldFeature
{
    public TimeSpan Held => held;
}
