namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// A client's stream of an upgrade that outlives its request. The result of <see cref="Microsoft.AspNetCore.Http.Features.IHttpUpgradeFeature.UpgradeAsync"/>
/// implements it, where an application replaces that feature.
/// </summary>
public interface IDetachedUpgrade
{
    /// <summary>
    /// Called at most once, by the direct forwarder, in place of copying within the request. It then aborts the request, so that the server lets go of the connection,
    /// and its own call ends without an error.
    /// </summary>
    /// <param name="copy">
    /// Copies both ways until the destination ends, then disposes of this stream. When this stream ends, the destination is told by a half-close, and what it still
    /// sends is copied for as long as it sends; where its connection cannot be half-closed (TLS), that ends both. To be called once; never throws. Its token ends the copying: the destination's
    /// connection is closed when the cancellation returns. A read or write of this stream that waits when the destination has ended is cancelled by the token
    /// that it was given.
    /// </param>
    void Run(Func<CancellationToken, Task> copy);
}
