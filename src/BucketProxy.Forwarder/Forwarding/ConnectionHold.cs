using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// The connection that a request is carried on, as others than the request's own flow may see it: who cancels it, and the clock that finds that nothing
/// moves any more. Either closes the connection, and the flow finds out by that.
/// </summary>
internal sealed class ConnectionHold : IConnectionUser
{
    private readonly Lock _lock = new();
    private HttpContext? _context;
    private DestinationConnection? _connection;
    private CancellationTokenRegistration _onGone;
    private CancellationTokenRegistration _onToken;
    private bool _isCancelled;
    private bool _isExpired;

    /// <inheritdoc/>
    public int Patience { get; private set; }

    public bool IsCancelled => Volatile.Read(ref _isCancelled);

    public bool IsExpired => Volatile.Read(ref _isExpired);

    /// <summary>The connection that is held.</summary>
    public DestinationConnection Connection => _connection ?? throw new InvalidOperationException("Nothing is under way.");

    /// <summary>A request begins.</summary>
    /// <param name="context">Whose.</param>
    /// <param name="patience">As <see cref="IConnectionUser.Patience"/>.</param>
    /// <param name="gone">The client goes away.</param>
    /// <param name="token">Cancels it, too.</param>
    public void Begin(HttpContext context, int patience, CancellationToken gone, CancellationToken token)
    {
        _context = context;
        Patience = patience;
        _isCancelled = _isExpired = false;
        _onGone = gone.UnsafeRegister(static h => ((ConnectionHold)h!).Cancel(), this);
        _onToken = token.UnsafeRegister(static h => ((ConnectionHold)h!).Cancel(), this);
    }

    /// <summary>False: it was cancelled before, and the connection is closed.</summary>
    public bool TryHold(DestinationConnection connection)
    {
        lock (_lock)
        {
            if (!_isCancelled)
            {
                connection.Touch();
                connection.User = this;
                _connection = connection;
                return true;
            }
        }
        connection.Close();
        return false;
    }

    /// <summary>Lets go of the connection, and goes on to listen.</summary>
    public DestinationConnection? Release()
    {
        lock (_lock)
        {
            var connection = _connection;
            if (connection is not null)
                connection.User = null;
            _connection = null;
            return connection;
        }
    }

    /// <summary>Nobody can reach the request any more when this returns. The connection, if one is held, is the caller's.</summary>
    public DestinationConnection? End()
    {
        // Waits for a callback that runs: the object may be used for another request behind this.
        _onGone.Dispose();
        _onToken.Dispose();
        _onGone = _onToken = default;
        var connection = Release();
        _context = null;
        return connection;
    }

    /// <inheritdoc/>
    public void Expire(DestinationConnection connection)
    {
        lock (_lock)
        {
            // Maybe of an earlier request.
            if (!ReferenceEquals(_connection, connection) || _isCancelled)
                return;
            Volatile.Write(ref _isExpired, true);
            connection.Close();
            // Whoever waits for a client that does not read wakes by this only.
            if (_context is { Response.HasStarted: true } context)
                context.Abort();
        }
    }

    private void Cancel()
    {
        lock (_lock)
        {
            // What comes first counts: who expires aborts the request, and that leads here.
            if (!_isExpired)
                Volatile.Write(ref _isCancelled, true);
            _connection?.Close();
        }
    }
}
