using System.Text.Json.Nodes;
using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Emulator.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Emulator.Membership;

/// <summary>
/// A node's part in a cluster, as dtable-server plays it (release mode <c>watch</c>): it registers under a lease, follows <c>assign-xx</c>,
/// and gives up what another node was granted. Gaining takes nothing: a base is loaded when it is first asked for.
/// </summary>
/// <remarks>Stop the node first, then dispose of this: the registration must outlive the last save, or somebody gets the buckets before it.</remarks>
public sealed class ClusterMembership : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly EmulatedNode _node;
    private readonly IClusterStore _store;
    private readonly MembershipOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreMirror _mirror;
    private readonly LostBases _lost;
    private readonly CancellationTokenSource _stop = new();
    private LeaseKeeper? _lease;
    private Task _loops = Task.CompletedTask;

    /// <summary>Makes the membership; <see cref="StartAsync"/> registers. The node must be started before; node and store stay the caller's.</summary>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    public ClusterMembership(
        EmulatedNode node, IClusterStore store, MembershipOptions? options = null, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        _node = node;
        _store = store;
        _options = options ?? new MembershipOptions();
        _options.Validate();
        _time = time ?? TimeProvider.System;
        loggers ??= NullLoggerFactory.Instance;
        _logger = loggers.CreateLogger<ClusterMembership>();
        _mirror = new StoreMirror(store, _options.Keys, _options.Mirror, _time, loggers.CreateLogger<StoreMirror>());
        _lost = new LostBases(node, _logger);
    }

    /// <summary>Registers and begins to follow.</summary>
    /// <exception cref="StoreException">The store did not take the registration.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        _lease = await RegisterAsync(cancel);
        _mirror.Start();
        _loops = Task.WhenAll(StayRegisteredAsync(), FollowAsync());
    }

    /// <summary>Leaves: follows no longer and takes the registration away.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        if (_lease is { } lease)
            await lease.DisposeAsync();
    }

    /// <summary>As the death of the process: nothing is written any more; the registration ends with its lease.</summary>
    public async Task AbortAsync()
    {
        await EndAsync();
        if (_lease is { } lease)
            await lease.AbandonAsync();
    }

    private async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _loops;
        await _lost.DisposeAsync();
        await _mirror.DisposeAsync();
    }

    private async Task<LeaseKeeper> RegisterAsync(CancellationToken cancel)
    {
        var lease = await LeaseKeeper.GrantAsync(_store, _options.LeaseTime, _time, cancel);
        try
        {
            var local = _node.Url.AbsoluteUri;
            var registration = new JsonObject
            {
                ["node_url"] = _options.NodeUrl ?? local,
                ["local_node_url"] = local,
                // S9: what proves that an earlier run's memory is gone. The same for every registration of this run.
                ["start_time"] = _node.StartTime.ToString("O"),
                ["follows_pins"] = true,
            };
            await _store.CommitAsync(
                new StoreTransaction { Success = [StoreOperation.PutText(_options.Keys.Node(_node.Id), registration.ToJsonString(), lease.LeaseId)] }, cancel);
            return lease;
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    /// <summary>A node whose lease ended (its store was away for too long) is as alive as before, and holds its bases: it comes back as the same process.</summary>
    private async Task StayRegisteredAsync()
    {
        try
        {
            while (true)
            {
                await _lease!.Lost.WaitAsync(_stop.Token);
                Log.RegistrationLost(_logger, _node.Id);
                await _lease.DisposeAsync();
                while (!await TryRegisterAgainAsync())
                    await Task.Delay(RetryPause, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It leaves.
        }
    }

    private async Task<bool> TryRegisterAgainAsync()
    {
        try
        {
            _lease = await RegisterAsync(_stop.Token);
            return true;
        }
        catch (StoreException e)
        {
            Log.NotRegistered(_logger, _node.Id, e.Message);
            return false;
        }
    }

    private async Task FollowAsync()
    {
        if (!_options.FollowAssignments)
            return;
        ClusterView? seen = null;
        try
        {
            while (true)
            {
                // Again after a pause also without a change: a base may have been loaded by a late request, or not been saved the last time.
                using (var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
                {
                    await Task.WhenAny(_mirror.ChangedSinceAsync(seen, pause.Token), Task.Delay(RetryPause, _time, pause.Token));
                    await pause.CancelAsync();
                }
                _stop.Token.ThrowIfCancellationRequested();
                seen = _mirror.Current;
                if (seen is not null)
                    _lost.Release(seen);
            }
        }
        catch (OperationCanceledException)
        {
            // It leaves.
        }
    }
}
