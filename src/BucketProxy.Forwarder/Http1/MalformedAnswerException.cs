namespace BucketProxy.Forwarder.Http1;

/// <summary>What a destination said is no answer that has one reading only.</summary>
internal sealed class MalformedAnswerException(string reason) : IOException(reason);
