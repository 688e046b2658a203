namespace BucketProxy.Forwarder.Destinations;

/// <summary>
/// No connection to a destination could be made: not a byte of the request was sent. Thrown in the one place that connects, so it is a proof: such a
/// request, and no other, may be sent again, to this destination or another.
/// </summary>
/// <remarks>
/// A GET or HEAD without a body may have gone out before, on a connection that had been used and ended before a byte of an answer came; it is safe to send
/// it again (RFC 9110 section 9.2.2).
/// </remarks>
public sealed class DestinationUnreachableException : HttpRequestException
{
    /// <param name="destinationPrefix">The destination.</param>
    /// <param name="cause">Why.</param>
    public DestinationUnreachableException(string destinationPrefix, Exception cause)
        : base(HttpRequestError.ConnectionError, $"No connection to {destinationPrefix} could be made: {cause.Message}", cause) =>
        DestinationPrefix = destinationPrefix;

    /// <summary>The destination.</summary>
    public string DestinationPrefix { get; }
}
