using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Gateway.Hosting;

/// <summary>Connections of clients that are open now.</summary>
internal sealed class ConnectionCount
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Counts each connection that goes through, for as long as it lasts.</summary>
    public ConnectionDelegate Around(ConnectionDelegate next) => connection => CarryAsync(connection, next);

    private async Task CarryAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Interlocked.Increment(ref _open);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
