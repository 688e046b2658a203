using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.Demo;

/// <summary>Writes down who owned what and when, from the store, so that the checker judges the nodes by somebody else's word.</summary>
internal sealed class OwnerWitness(IViewSource views, OwnershipHistory history, TimeProvider time)
{
    private readonly Dictionary<Bucket, string> _owners = [];
    private long _moved;

    /// <summary>How many times a bucket changed from one owner to another.</summary>
    public long Moved => Interlocked.Read(ref _moved);

    /// <summary>Follows until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ClusterView? seen = null;
        try
        {
            while (true)
            {
                await views.ChangedSinceAsync(seen, cancellationToken);
                seen = views.Current;
                if (seen is not null)
                    Take(seen);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The demonstration is over.
        }
    }

    private void Take(ClusterView view)
    {
        foreach (var (bucket, grant) in view.Assignments)
        {
            if (_owners.TryGetValue(bucket, out var owner))
            {
                if (owner == grant.Owner)
                    continue;
                Interlocked.Increment(ref _moved);
            }
            _owners[bucket] = grant.Owner;
            history.SetBucket(bucket, grant.Owner, time.GetUtcNow());
        }
    }
}
