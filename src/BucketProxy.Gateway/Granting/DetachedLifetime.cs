using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Granting;

/// <summary>
/// Cuts the tie between a client that goes away and the node's work: what is not GET or HEAD may be writing, so it runs to its end
/// at the node, and counts in flight until then (S2).
/// </summary>
internal sealed class DetachedLifetime(IHttpRequestLifetimeFeature client) : IHttpRequestLifetimeFeature
{
    /// <summary>Never cancelled.</summary>
    public CancellationToken RequestAborted { get; set; }

    public void Abort() => client.Abort();
}
