using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Participation;

/// <summary>What the data plane tells the agent, and does for it.</summary>
public interface IProxyTraffic
{
    /// <summary>
    /// Completes when nothing of the bucket (or of the pin of it) is in flight to its former owner any more. Asked only after
    /// a table that holds it back was published, so nothing new can come (S2).
    /// </summary>
    Task WhenSilentAsync(Bucket bucket, BasePrefix? pin, CancellationToken cancellationToken);

    /// <summary>What keeps it from being silent, for people; null: nothing.</summary>
    string? BusyWith(Bucket bucket, BasePrefix? pin);

    /// <summary>Closes every connection to every node at once: requests fail, sockets end. For fencing only.</summary>
    void AbortAll();

    /// <summary>The load since the last call.</summary>
    LoadReport TakeLoad();
}
