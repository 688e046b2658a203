using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Gateway.Hosting;

/// <summary>Connections of clients that are open now, and the limit on them.</summary>
/// <param name="most">More are closed at once; 0: no limit.</param>
internal sealed class ConnectionCount(int most)
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Counts each connection that goes through, for as long as the server has it.</summary>
    public ConnectionDelegate Around(ConnectionDelegate next) => connection => CarryAsync(connection, next);

    /// <summary>Counts a connection that was taken from the server.</summary>
    public void Add() => Interlocked.Increment(ref _open);

    /// <summary>It has ended.</summary>
    public void Remove() => Interlocked.Decrement(ref _open);

    private async Task CarryAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > most && most > 0)
                connection.Abort(new ConnectionAbortedException("Too many connections."));
            else
                await next(connection);
        }
        finally
        {
            Remove();
        }
    }
}
