using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Monitor.Options;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Auditing;

/// <summary>Removes audit records that are too old. The leader does it, once an hour.</summary>
internal sealed class AuditPruning(IClusterStore store, KeySchema keys, MonitorOptions options, TimeProvider time, ILogger logger)
{
    private const int Batch = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Goes on until cancelled.</summary>
    public async Task RunAsync(long leaderRevision, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var count = await PruneAsync(leaderRevision, cancellationToken);
                if (count > 0)
                    Log.AuditPruned(logger, count, options.AuditRetention.TotalDays);
            }
            catch (StoreException e)
            {
                Log.AuditNotPruned(logger, e.Message);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await Task.Delay(Interval, time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Removes what is too old now; how many.</summary>
    public async Task<int> PruneAsync(long leaderRevision, CancellationToken cancellationToken)
    {
        var oldest = keys.Audit(AuditRecord.IdAt(time.GetUtcNow() - options.AuditRetention, ""));
        var all = await store.ReadAsync([keys.Audits], ReadConsistency.Linearizable, cancellationToken);
        var old = all.Entries.Where(e => string.CompareOrdinal(e.Key, oldest) < 0).Select(e => e.Key).ToArray();
        foreach (var batch in old.Chunk(Batch))
        {
            // S6: also here, only a leader writes.
            var result = await store.CommitAsync(new StoreTransaction
            {
                Comparisons = [Comparison.CreatedAt(keys.Leader, leaderRevision)],
                Success = [.. batch.Select(StoreOperation.DeleteKey)],
            }, cancellationToken);
            if (!result.Succeeded)
                return 0;
        }
        return old.Length;
    }
}
