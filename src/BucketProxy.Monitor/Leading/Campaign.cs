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

    // While the store refuses: that ends by an operator's hand, not by trying.
    private const int LongestPauses = 16;

    private readonly ToldCauses _causes = new(time);

    /// <summary>Completes when this monitor leads.</summary>
    public async Task<LeaderTerm> WinAsync(CancellationToken cancellationToken)
    {
        var pauses = 1;
        while (true)
        {
            await NoLeaderAsync(cancellationToken);
            var isRefused = false;
            try
            {
                if (await TryAsync(cancellationToken) is { } term)
                    return term;
                _causes.IsOver();
            }
            catch (StoreException e)
            {
                isRefused = e is StoreRejectedException;
                if (_causes.IsNews(e.Cause))
                    Log.CampaignFailed(logger, options.Instance, e.Message);
            }
            // Another was quicker (then the next view says so), or the store is away.
            await Task.Delay(Pause * pauses, time, cancellationToken);
            pauses = isRefused ? Math.Min(pauses * 2, LongestPauses) : 1;
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
