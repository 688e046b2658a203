using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace BucketProxy.Testing.Wire;

/// <summary>
/// A server made of raw sockets: what it receives is recorded byte for byte, and a script says what it answers.
/// </summary>
public class RawServer : IAsyncDisposable
{
    /// <summary>The answer of a server without a script.</summary>
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>An answer without a body.</summary>
    public const string Empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, Socket> _sockets = new();
    private readonly Func<RawRequest, RawConnection, Task> _script;
    private readonly X509Certificate2? _certificate;
    private int _connections;

    /// <summary>Begins to listen on the loopback.</summary>
    /// <param name="script">Called for each request with what came in and the connection. Throwing <see cref="EndOfStreamException"/>
    /// or closing ends the connection.</param>
    /// <param name="port">0 for a free one.</param>
    /// <param name="certificate">Its connections are TLS, with this. Not owned.</param>
    public RawServer(Func<RawRequest, RawConnection, Task>? script = null, int port = 0, X509Certificate2? certificate = null)
    {
        _script = script ?? ((_, wire) => wire.SendAsync(Ok));
        _certificate = certificate;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Requests in the order in which their heads were read.</summary>
    public ConcurrentQueue<RawRequest> Requests { get; } = new();

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections open now.</summary>
    public int OpenConnections => _sockets.Count;

    /// <summary>Closes every connection; others may come.</summary>
    public void CloseAll()
    {
        foreach (var socket in _sockets.Values)
            socket.Close();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _stop.Cancel();
        _listener.Stop();
        CloseAll();
        _stop.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                var number = Interlocked.Increment(ref _connections);
                _sockets[number] = socket;
                _ = ServeAsync(number, socket);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(int number, Socket socket)
    {
        socket.NoDelay = true;
        var plain = new NetworkStream(socket, ownsSocket: true);
        await using var wire = new RawConnection(_certificate is null ? plain : new SslStream(plain));
        try
        {
            if (wire.Stream is SslStream secured)
                await secured.AuthenticateAsServerAsync(_certificate!);
            while (await wire.ReadHeadAsync() is { } head)
            {
                var request = new RawRequest(head, number);
                Requests.Enqueue(request);
                await _script(request, wire);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException or AuthenticationException)
        {
        }
        finally
        {
            _sockets.TryRemove(number, out _);
        }
    }
}
