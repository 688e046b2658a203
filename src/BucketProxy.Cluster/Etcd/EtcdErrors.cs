using BucketProxy.Cluster.Store;
using BucketProxy.Etcd.Errors;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Says in the seam's words what went wrong at etcd.</summary>
internal static class EtcdErrors
{
    /// <summary>Runs a call.</summary>
    /// <exception cref="StoreException">It failed.</exception>
    public static async Task<T> TranslateAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (EtcdException e)
        {
            throw Translate(e);
        }
        catch (ObjectDisposedException e)
        {
            throw new StoreUnavailableException("the store is closed", outcomeUnknown: false, e);
        }
    }

    /// <summary>The seam's exception for one of etcd's.</summary>
    public static StoreException Translate(EtcdException e) => e switch
    {
        EtcdCompactedException compacted => new StoreCompactedException(compacted.CompactRevision),
        EtcdOutcomeUnknownException => new StoreUnavailableException(e.Message, outcomeUnknown: true, e) { Cause = CauseOf(e) },
        // Another cluster is for the reader of the next snapshot to judge; here it is a watch that broke.
        EtcdUnavailableException or EtcdClusterChangedException => new StoreUnavailableException(e.Message, outcomeUnknown: false, e) { Cause = CauseOf(e) },
        _ => new StoreRejectedException(e.Message, e) { Cause = CauseOf(e) },
    };

    // Without the call and the endpoint: several calls, and several members, tell of one cause.
    private static string CauseOf(EtcdException e) => $"{e.Status}: {e.Detail}";
}
