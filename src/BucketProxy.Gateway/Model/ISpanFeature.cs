using System.Diagnostics;

namespace BucketProxy.Gateway.Model;

/// <summary>The span of a request that is sampled. Set by the tracing stage.</summary>
internal interface ISpanFeature
{
    Activity Request { get; }
}

/// <inheritdoc cref="ISpanFeature"/>
internal sealed class SpanFeature(Activity request) : ISpanFeature
{
    public Activity Request => request;
}
