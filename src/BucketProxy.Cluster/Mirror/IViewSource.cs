using BucketProxy.Cluster.View;

namespace BucketProxy.Cluster.Mirror;

/// <summary>The newest view of the store, as the mirror keeps it.</summary>
public interface IViewSource
{
    /// <summary>The newest view, or null before the first.</summary>
    ClusterView? Current { get; }

    /// <summary>Completes when <see cref="Current"/> is another one than <paramref name="seen"/>.</summary>
    Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken);
}
