namespace BucketProxy.Gateway.Upstream;

/// <summary>What a node said is no answer that has one reading only.</summary>
internal sealed class MalformedAnswerException(string reason) : IOException(reason);
