namespace BucketProxy.Forwarder.Destinations;

/// <summary>
/// A destination said by the terms of the request that it has taken nothing of it. Such a request may be sent again, to this destination or another: nothing of its body
/// was taken from the client.
/// </summary>
public sealed class DestinationRefusedException : HttpRequestException
{
    /// <param name="destinationPrefix">The destination.</param>
    /// <param name="reason">What it said in the header that marks a refusal.</param>
    public DestinationRefusedException(string destinationPrefix, string reason)
        : base($"{destinationPrefix} refused the request, and took nothing of it.")
    {
        DestinationPrefix = destinationPrefix;
        Reason = reason;
    }

    /// <summary>The destination.</summary>
    public string DestinationPrefix { get; }

    /// <summary>What it said in the header that marks a refusal.</summary>
    public string Reason { get; }
}
