using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace BucketProxy.EtcdTesting;

/// <summary>A wire that can be held up: while it is, bytes stay where they are and nothing is closed, as in a network that has fallen silent.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private volatile TaskCompletionSource _open = Opened();

    /// <summary>Starts to listen.</summary>
    /// <param name="targetPort">Where to on 127.0.0.1.</param>
    public TcpRelay(int targetPort)
    {
        _target = new IPEndPoint(IPAddress.Loopback, targetPort);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _running.Add(AcceptAsync());
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>From now on nothing comes through, in either direction; new connections are taken, and lead nowhere.</summary>
    public void Hold()
    {
        if (_open.Task.IsCompleted)
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What was held comes through.</summary>
    public void Release() => _open.TrySetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        foreach (var socket in _sockets.Keys)
            socket.Dispose();
        await Task.WhenAll(_running).ConfigureAwait(false);
        _listener.Dispose();
        _end.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_end.Token).ConfigureAwait(false);
                _sockets.TryAdd(client, true);
                _running.Add(RelayAsync(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The relay is closing.
                return;
            }
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _sockets.TryAdd(server, true);
        client.NoDelay = true;
        try
        {
            await _open.Task.WaitAsync(_end.Token).ConfigureAwait(false);
            await server.ConnectAsync(_target, _end.Token).ConfigureAwait(false);
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One end is gone; the other is told by closing it.
        }
        finally
        {
            client.Dispose();
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, _end.Token).ConfigureAwait(false);
                await _open.Task.WaitAsync(_end.Token).ConfigureAwait(false);
                if (count == 0)
                    return;
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _end.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One end is gone: the caller closes the other.
        }
    }
}
