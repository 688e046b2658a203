using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Logging;
using BucketProxy.Forwarder.Loops;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Transport;

/// <summary>Accepts connections, and gives them to the loops in turn.</summary>
internal sealed class LoopListener : IConnectionListener, IThreadPoolWorkItem
{
    // Out of descriptors or memory, asking at once would only burn a core: others have to end first.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // As many as a kernel keeps waiting (net.core.somaxconn): clients that go on coming do not keep the port open.
    private const int MostAtUnbind = 4096;
    private readonly Socket _bound;
    private readonly ConnectionSettings _settings;
    private readonly ListeningSocket _socket;
    private readonly ConcurrentQueue<LoopConnection> _last = new();
    private TaskCompletionSource? _something;

    /// <param name="bound">Listens.</param>
    /// <param name="settings">For the connections.</param>
    public LoopListener(Socket bound, ConnectionSettings settings)
    {
        _bound = bound;
        _settings = settings;
        EndPoint = bound.LocalEndPoint!;
        bound.Blocking = false;
        // Two owners of one descriptor: the loop's is a copy.
        _socket = new ListeningSocket(EventLoop.Next(), ListeningSocket.Duplicate(bound));
        _socket.Watch();
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = _socket.TryAccept(out var peer);
                if (accepted != LoopSocket.NotNow)
                    return LoopConnection.Open(accepted, peer, _settings);
            }
            catch (ObjectDisposedException)
            {
                return _last.TryDequeue(out var last) ? last : null;
            }
            catch (SocketException e) when (IsShort(e))
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
                continue;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // That client is gone already.
                continue;
            }
            var something = new TaskCompletionSource();
            _something = something;
            if (_socket.TryAwait(this))
                await something.Task;
        }
    }

    /// <summary>
    /// Closes the port. Who is connected by then is still given out: the kernel has told them so, their requests may be here already, and
    /// with the socket it would reset them.
    /// </summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        for (var i = 0; i < MostAtUnbind; i++)
        {
            try
            {
                var accepted = _socket.TryAcceptBeside(out var peer);
                if (accepted == LoopSocket.NotNow)
                    break;
                _last.Enqueue(LoopConnection.Open(accepted, peer, _settings));
            }
            catch (ObjectDisposedException)
            {
                // Closed before.
                break;
            }
            catch (SocketException e) when (IsShort(e))
            {
                Log.NotAllAccepted(_settings.Log, e);
                break;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // That client is gone already.
            }
        }
        _socket.Close();
        _bound.Dispose();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        while (_last.TryDequeue(out var nobodys))
            await nobodys.DisposeAsync();
    }

    private static bool IsShort(SocketException e) => e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    void IThreadPoolWorkItem.Execute() => _something!.SetResult();
}
