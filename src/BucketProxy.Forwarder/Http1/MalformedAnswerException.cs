namespace BucketProxy.Forwarder.Http1;

/// <summary>What a destination said is no answer that has one reading only. The runtime's client has the same word for it.</summary>
internal sealed class MalformedAnswerException(string reason) : HttpIOException(HttpRequestError.InvalidResponse, reason);
