using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// What one call changed in a <see cref="StoreModel"/>: an effect, not a request, so that writing it down needs no
/// comparisons and no clock.
/// </summary>
public abstract record StoreChange
{
    private StoreChange() { }

    /// <summary>Keys were put or deleted, all at one revision.</summary>
    /// <param name="Revision">The revision.</param>
    /// <param name="Events">What happened to which key, in order.</param>
    public sealed record Written(long Revision, IReadOnlyList<WatchEvent> Events) : StoreChange;

    /// <summary>A lease was granted.</summary>
    /// <param name="LeaseId">Its id.</param>
    /// <param name="TimeToLive">Its full time to live.</param>
    public sealed record LeaseGranted(long LeaseId, TimeSpan TimeToLive) : StoreChange;

    /// <summary>A lease ended. The deletes of its keys come as a <see cref="Written"/> right before it.</summary>
    /// <param name="LeaseId">Its id.</param>
    public sealed record LeaseEnded(long LeaseId) : StoreChange;
}
