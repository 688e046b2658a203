using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Model;

/// <summary>Why the answer is as it is, when it is not simply the node's. Set by whoever answers, or cuts, in the node's place.</summary>
internal interface IAnswerFeature
{
    Cause Cause { get; }
}

/// <inheritdoc cref="IAnswerFeature"/>
internal sealed class AnswerFeature(Cause cause) : IAnswerFeature
{
    public Cause Cause => cause;
}
