using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Loops;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Upstream;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>The way to one node: its address, its connections, its counts.</summary>
internal sealed class NodeLink : IDisposable
{
    private readonly HashSet<NodeConnection> _open = [];
    private readonly Lock _openLock = new();
    private readonly ConnectGate _gate;
    private readonly ConnectionLimits _limits;
    private readonly TimeProvider _time;
    private readonly ConnectionPool _pool;
    private readonly DnsEndPoint _address;
    private readonly IPAddress[]? _ip;
    private readonly byte[] _pathPrefix;
    private volatile bool _isDisposed;

    public NodeLink(NodeRecord node, NodeCounters counters, ConnectGate gate, ConnectionLimits limits, TimeProvider time)
    {
        Node = node;
        Counters = counters;
        _gate = gate;
        _limits = limits;
        _time = time;
        var url = node.LocalUrl;
        _address = new DnsEndPoint(url.DnsSafeHost, url.Port);
        _ip = IPAddress.TryParse(url.DnsSafeHost, out var ip) && limits.Networks.Allows(ip) ? [ip] : null;
        _pathPrefix = Encoding.ASCII.GetBytes(url.AbsolutePath.TrimEnd('/'));
        _pool = new ConnectionPool(limits.Clock, limits.IdleTicks);
    }

    public NodeRecord Node { get; }

    /// <summary>The path of the node's URL without a slash at its end; in front of every target.</summary>
    public ReadOnlySpan<byte> PathPrefix => _pathPrefix;

    public NodeCounters Counters { get; }

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_openLock)
                return _open.Count;
        }
    }

    /// <summary>An unused connection that is open, as far as this process knows; null when there is none.</summary>
    /// <param name="forCertain">Ask the kernel too: for a request that cannot be sent again.</param>
    /// <exception cref="ObjectDisposedException">The node is gone for long.</exception>
    public NodeConnection? Take(bool forCertain)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (_pool.Take() is { } connection)
        {
            if (!forCertain || connection.IsQuietForCertain())
                return connection;
            connection.Close();
        }
        return null;
    }

    /// <summary>Takes back a connection whose exchange is over, to be used again or closed.</summary>
    public void Return(NodeConnection connection) => _pool.Return(connection);

    /// <summary>Makes a connection.</summary>
    /// <exception cref="NodeUnreachableException">None could be made: nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">One of the tokens was cancelled.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The node's certificate is not trusted.</exception>
    /// <exception cref="ObjectDisposedException">The node is gone for long.</exception>
    public async ValueTask<NodeConnection> ConnectAsync(CancellationToken cancellationToken, CancellationToken alsoCancels = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, alsoCancels);
        ITransport? transport = null;
        try
        {
            await using (_time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), patience, _limits.ConnectTimeout, Timeout.InfiniteTimeSpan))
                transport = await OpenAsync(patience.Token);
            var connection = new NodeConnection(transport, _limits.Clock, Closed);
            lock (_openLock)
            {
                // Whoever shuts the gate cuts what is listed afterwards: listed first or refused, never missed.
                _open.Add(connection);
            }
            if (!_gate.IsShut)
                return connection;
            connection.Close();
            throw new NodeUnreachableException(Node.Id, new IOException("Everything is cut."));
        }
        catch (Exception e) when (e is SocketException
            || (e is IOException and not NodeUnreachableException)
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested && !alsoCancels.IsCancellationRequested))
        {
            transport?.Close();
            throw new NodeUnreachableException(Node.Id, e);
        }
        catch
        {
            transport?.Close();
            throw;
        }
    }

    /// <summary>Closes every connection at once, whatever is under way on it.</summary>
    public void Cut()
    {
        foreach (var connection in Open())
            connection.Close();
    }

    /// <summary>Closes what has been idle for too long, and tells whoever has waited for too long.</summary>
    public void Sweep()
    {
        _pool.Sweep();
        foreach (var connection in Open())
        {
            if (connection.User is { } user && _limits.Clock.Since(connection.Stamp) > _limits.SilentTicks)
                user.Expire(connection);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _pool.Close();
    }

    private NodeConnection[] Open()
    {
        lock (_openLock)
            return _open.Count == 0 ? [] : [.. _open];
    }

    private async ValueTask<ITransport> OpenAsync(CancellationToken cancellationToken)
    {
        var isSecured = Node.LocalUrl.Scheme == Uri.UriSchemeHttps;
        if (_limits.UsesLoops && !isSecured)
        {
            var addresses = _ip ?? await _limits.Networks.ResolveAsync(_address, cancellationToken);
            return new LoopTransport(await LoopConnector.ConnectAsync(addresses, _address.Port, cancellationToken));
        }
        var socket = _ip is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(_ip[0].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await _limits.Networks.ConnectAsync(socket, _address, cancellationToken);
            return new StreamTransport(socket, isSecured ? await SecureAsync(socket, cancellationToken) : null);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> SecureAsync(Socket socket, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = Node.LocalUrl.IdnHost }, cancellationToken);
        return stream;
    }

    private void Closed(NodeConnection connection)
    {
        lock (_openLock)
            _open.Remove(connection);
    }
}
