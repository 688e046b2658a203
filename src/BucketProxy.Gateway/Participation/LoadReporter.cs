using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>Publishes the load every <see cref="ProxyAgentOptions.LoadInterval"/>, under the proxy's lease. A report that could not be written is left out.</summary>
/// <param name="store">The store.</param>
/// <param name="keys">How keys are spelled.</param>
/// <param name="registration">Whose lease the report lives under.</param>
/// <param name="traffic">What is in flight.</param>
/// <param name="options">How often.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class LoadReporter(
    IClusterStore store, KeySchema keys, ProxyRegistration registration, IProxyTraffic traffic, ProxyAgentOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Reports until it is stopped; ends at once where the interval is zero.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (options.LoadInterval <= TimeSpan.Zero)
            return;
        try
        {
            while (true)
            {
                await Task.Delay(options.LoadInterval, time, stop).ConfigureAwait(false);
                // Taken also while there is no lease: the next report is of its own interval only.
                var report = traffic.TakeLoad();
                if (registration.Lease is not { } lease)
                    continue;
                try
                {
                    await store.CommitAsync(
                        new StoreTransaction
                        {
                            Success = [StoreOperation.PutText(keys.Load(options.Instance), RecordJson.Write(report), lease.LeaseId)],
                        },
                        stop).ConfigureAwait(false);
                }
                catch (StoreException e)
                {
                    // The next report says it anew; the planner takes a report only while its lease lives.
                    Log.LoadNotPublished(logger, e, options.Instance);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}
