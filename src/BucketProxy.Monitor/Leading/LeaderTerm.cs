using BucketProxy.Cluster.Leases;

namespace BucketProxy.Monitor.Leading;

/// <summary>One time of leading, from an election to its end. Disposing of it resigns: the key goes with the lease.</summary>
internal sealed class LeaderTerm(LeaseKeeper lease, long revision, TimeSpan margin) : IAsyncDisposable
{
    /// <summary>Create-revision of the leader key: what every write compares (S6).</summary>
    public long Revision => revision;

    /// <summary>For how long it may still decide: the lease, counted from the sending of its last renewal, less a margin.</summary>
    public TimeSpan Remaining => lease.Lost.IsCompleted ? TimeSpan.Zero : lease.Remaining - margin;

    /// <summary>Completes when the store has said that the lease is gone.</summary>
    public Task Lost => lease.Lost;

    public ValueTask DisposeAsync() => lease.DisposeAsync();
}
