using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Asks each member for its version when a watch opens there, and reports what is known to be wrong with it, once per version.</summary>
internal sealed class ServerCheck(EtcdClient client, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<EtcdEndpoint, string> _versions = [];
    private Task _running = Task.CompletedTask;

    /// <summary>Asks in the background: a watch does not wait for a warning.</summary>
    public void Check(EtcdEndpoint endpoint)
    {
        lock (_lock)
        {
            if (_running.IsCompleted && !_stop.IsCancellationRequested)
                _running = AskAsync(endpoint, _stop.Token);
        }
    }

    /// <summary>Waits for the question under way, for tests.</summary>
    internal Task CurrentAsync()
    {
        lock (_lock)
            return _running;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await CurrentAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AskAsync(EtcdEndpoint endpoint, CancellationToken cancel)
    {
        try
        {
            var status = await client.StatusAsync(endpoint, cancel).ConfigureAwait(false);
            if (_versions.TryGetValue(endpoint, out var known) && known == status.Version)
                return;
            _versions[endpoint] = status.Version;
            Report(endpoint, status.Version);
        }
        catch (EtcdException e)
        {
            // Some versions tell their own only to an administrator.
            Log.VersionUnknown(logger, endpoint, e.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The store is closing.
        }
    }

    private void Report(EtcdEndpoint endpoint, string version)
    {
        var bugs = KnownServerBugs.Of(version);
        var data = bugs.Where(b => b.Kind == ServerBugKind.Data).ToList();
        var behaviour = bugs.Where(b => b.Kind == ServerBugKind.Behaviour).ToList();
        var guarded = bugs.Where(b => b.Kind == ServerBugKind.Guarded).ToList();
        if (data.Count > 0)
            Log.DataBugs(logger, endpoint, version, string.Join("; ", data));
        if (behaviour.Count > 0)
            Log.BehaviourBugs(logger, endpoint, version, string.Join("; ", behaviour));
        if (guarded.Count > 0)
            Log.GuardedBugs(logger, endpoint, version, string.Join("; ", guarded));
    }
}
