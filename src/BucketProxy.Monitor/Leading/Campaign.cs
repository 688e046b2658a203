using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Leading;

/// <summary>Stands by until there is no leader, then tries to become it.</summary>
internal sealed class Campaign(
    IClusterStore store, KeySchema keys, IViewSource views, MonitorOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Completes when this monitor leads.</summary>
    public async Task<LeaderTerm> WinAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await NoLeaderAsync(cancellationToken);
            try
            {
                if (await TryAsync(cancellationToken) is { } term)
                    return term;
            }
            catch (StoreException e)
            {
                Log.CampaignFailed(logger, options.Instance, e.Message);
            }
            // Another was quicker (then the next view says so), or the store is away.
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task NoLeaderAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = views.Current;
            if (view is { Leader: null })
                return;
            await views.ChangedSinceAsync(view, cancellationToken);
        }
    }

    private async Task<LeaderTerm?> TryAsync(CancellationToken cancellationToken)
    {
        var lease = await LeaseKeeper.GrantAsync(store, options.LeaderLease, time, cancellationToken);
        try
        {
            var value = RecordJson.Write(new LeaderRecord(options.Instance, options.Address, 0));
            var result = await store.CommitAsync(new StoreTransaction
            {
                Comparisons = [Comparison.Absent(keys.Leader)],
                Success = [StoreOperation.PutText(keys.Leader, value, lease.LeaseId)],
            }, cancellationToken);
            if (result.Succeeded)
            {
                var term = new LeaderTerm(lease, result.Revision, options.LeaderMargin);
                lease = null;
                return term;
            }
            return null;
        }
        finally
        {
            // Also when the outcome is unknown: with the lease goes whatever was written under it.
            if (lease is not null)
                await lease.DisposeAsync();
        }
    }
}
