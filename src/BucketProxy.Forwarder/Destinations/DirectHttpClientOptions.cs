using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>Settings of a <see cref="DirectHttpClient"/>. Their names are those of <see cref="SocketsHttpHandler"/> where it has them.</summary>
public sealed record DirectHttpClientOptions
{
    /// <summary>How long one attempt to connect may take, name resolution and TLS included. Above 0, 1 hour at most. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long an unused connection is kept; 0 keeps none. 1 day at most. Default 60 s. Keep it below what the destinations keep theirs for: a request that meets
    /// a closing connection may not be sent again. Higher saves connects.
    /// </summary>
    public TimeSpan PooledConnectionIdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Finds the addresses of a destination, asked before each connect, for IP addresses too. They are tried in order. Null: DNS, and IP addresses are taken as they are.
    /// A <see cref="SocketException"/> or <see cref="IOException"/> makes the destination unreachable, as does an empty answer.
    /// </summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<IPAddress[]>>? Resolve { get; set; }

    /// <summary>
    /// Connections without TLS are on this library's event loops, where these are supported. Default true. False leaves them to the runtime's sockets.
    /// </summary>
    public bool UseLoops { get; set; } = true;

    /// <summary>For <c>https</c> destinations; the host to check the certificate against is filled in. Null: the runtime's defaults.</summary>
    public SslClientAuthenticationOptions? SslOptions { get; set; }

    /// <summary>Throws when a setting cannot work.</summary>
    /// <exception cref="ArgumentException">The message names the setting, its value and what is allowed.</exception>
    internal void ThrowIfInvalid()
    {
        if (ConnectTimeout <= TimeSpan.Zero || ConnectTimeout > TimeSpan.FromHours(1))
            throw new ArgumentException($"{nameof(ConnectTimeout)}: {ConnectTimeout} is out of range; allowed are more than 0 s to 1 hour.");
        if (PooledConnectionIdleTimeout < TimeSpan.Zero || PooledConnectionIdleTimeout > TimeSpan.FromDays(1))
        {
            throw new ArgumentException(
                $"{nameof(PooledConnectionIdleTimeout)}: {PooledConnectionIdleTimeout} is out of range; allowed are 0 s to 1 day.");
        }
    }
}
