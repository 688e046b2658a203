using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Logging;
using BucketProxy.Gateway.Options;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>The tunnels whose request is over: the server does not know of them any more.</summary>
internal sealed class DetachedTunnels(ConnectionCount connections, GatewayOptions options, ILogger<DetachedTunnels> log)
{
    private readonly Lock _lock = new();
    private int _running;
    private TaskCompletionSource? _none;

    /// <summary>Whether tunnels leave the server where they can: YARP's own forwarder carries them inside their requests.</summary>
    public bool IsUsed { get; } = options.Forwarder == ForwarderKind.Direct;

    /// <summary>Carries a tunnel. Its client counts as connected until it has ended.</summary>
    public void Start(WebSocketTunnel tunnel, Func<Task> run)
    {
        connections.Add();
        lock (_lock)
            _running++;
        _ = RunAsync(tunnel, run);
    }

    /// <summary>Completes when none runs.</summary>
    public Task WhenNoneAsync()
    {
        lock (_lock)
        {
            if (_running == 0)
                return Task.CompletedTask;
            _none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _none.Task;
        }
    }

    private async Task RunAsync(WebSocketTunnel tunnel, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception e)
        {
            Log.RequestFailed(log, e, tunnel.BaseId);
        }
        finally
        {
            connections.Remove();
            lock (_lock)
            {
                if (--_running == 0)
                {
                    _none?.SetResult();
                    _none = null;
                }
            }
        }
    }
}
