using System.Net.Sockets;
using System.Text;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>The way to one destination: where it is, and its connections.</summary>
internal sealed class Destination
{
    private readonly HashSet<DestinationConnection> _open = [];
    private readonly Lock _lock = new();
    private readonly DirectHttpClient _client;
    private readonly Connector _connector;
    private readonly ConnectionPool _pool;
    private readonly Uri _url;
    private readonly byte[] _path;
    private readonly byte[] _host;

    /// <exception cref="UriFormatException">The prefix is no absolute URL of <c>http</c> or <c>https</c>.</exception>
    public Destination(string prefix, DirectHttpClient client, DirectHttpClientOptions options)
    {
        Prefix = prefix;
        _client = client;
        var url = new Uri(prefix, UriKind.Absolute);
        if (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            throw new UriFormatException($"'{prefix}' is no destination: its scheme is neither http nor https.");
        _url = url;
        _connector = new Connector(url, options);
        _pool = new ConnectionPool((int)options.PooledConnectionIdleTimeout.TotalMilliseconds);
        IsPlain = url is { Query: "", Fragment: "" } && !url.AbsolutePath.EndsWith("//", StringComparison.Ordinal);
        _path = Encoding.ASCII.GetBytes(url.AbsolutePath.TrimEnd('/'));
        var host = url.HostNameType == UriHostNameType.IPv6 ? $"[{url.IdnHost}]" : url.IdnHost;
        _host = Encoding.ASCII.GetBytes(url.IsDefaultPort ? host : $"{host}:{url.Port}");
    }

    /// <summary>Its URL, as it was given.</summary>
    public string Prefix { get; }

    /// <summary>There is nothing behind its URL's path, which ends in one slash at most.</summary>
    public bool IsPlain { get; }

    /// <summary>The path of its URL without a slash at its end; in front of every target.</summary>
    public ReadOnlySpan<byte> Path => _path;

    /// <summary>Its host, and its port unless it is the scheme's own, as a <c>Host</c> header names it.</summary>
    public ReadOnlySpan<byte> Host => _host;

    /// <summary>Whether a URL is at this destination's host and port, and of its scheme.</summary>
    public bool IsAt(Uri url) =>
        url.Port == _url.Port && url.Scheme == _url.Scheme && url.IdnHost.Equals(_url.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    /// <summary>An unused connection that is open, as far as this process knows; null when there is none.</summary>
    /// <param name="forCertain">Ask the kernel too: for a request that cannot be sent again.</param>
    public DestinationConnection? Take(bool forCertain)
    {
        while (_pool.Take() is { } connection)
        {
            if (!forCertain || connection.IsQuietForCertain())
                return connection;
            connection.Close();
        }
        return null;
    }

    /// <summary>Takes back a connection whose exchange is over, to be used again or closed.</summary>
    public void Return(DestinationConnection connection) => _pool.Return(connection);

    /// <summary>Makes a connection. The one place that does.</summary>
    /// <exception cref="DestinationUnreachableException">None could be made: nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">One of the tokens was cancelled.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The destination's certificate is not trusted.</exception>
    public async ValueTask<DestinationConnection> ConnectAsync(CancellationToken cancellationToken, CancellationToken alsoCancels = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, alsoCancels);
        ITransport? transport = null;
        try
        {
            await using (_client.Time.CreateTimer(
                static s => ((CancellationTokenSource)s!).Cancel(), patience, _client.ConnectTimeout, Timeout.InfiniteTimeSpan))
            {
                transport = await _connector.ConnectAsync(patience.Token);
            }
            var connection = new DestinationConnection(transport, _client.Clock, Closed);
            lock (_lock)
            {
                // Whoever shuts the client closes what is listed afterwards: listed first or refused, never missed.
                _open.Add(connection);
            }
            _client.Opened(this);
            if (!_client.IsShut)
                return connection;
            connection.Close();
            throw new DestinationUnreachableException(Prefix, new IOException("The client is shut."));
        }
        catch (Exception e) when (e is SocketException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested && !alsoCancels.IsCancellationRequested))
        {
            transport?.Close();
            throw new DestinationUnreachableException(Prefix, e);
        }
        catch
        {
            transport?.Close();
            throw;
        }
    }

    /// <summary>Closes every connection at once, whatever is under way on it.</summary>
    public void CloseAll()
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
            var quiet = connection.QuietFor();
            // Beyond, not at: a limit is never cut short.
            if (connection.User is { } user && quiet > user.Patience)
                user.Expire(connection);
        }
    }

    /// <summary>Keeps no connection any more: those that are idle are closed now, those in use when they are given back.</summary>
    public void Retire() => _pool.Close();

    private DestinationConnection[] Open()
    {
        lock (_lock)
            return _open.Count == 0 ? [] : [.. _open];
    }

    private void Closed(DestinationConnection connection)
    {
        lock (_lock)
            _open.Remove(connection);
    }
}
