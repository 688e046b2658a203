using System.Net;
using System.Net.Sockets;

namespace BucketProxy.Core.Nodes;

/// <summary>
/// The networks that nodes may stand in. Whoever may write a registration says where requests, with all their tokens, are sent; this says
/// where they never are. Asked of the address that is really connected to, so that a name cannot lead elsewhere.
/// </summary>
public sealed class NodeNetworks
{
    private readonly IPNetwork[] _networks;

    /// <param name="networks">The networks; none: nodes may stand anywhere.</param>
    public NodeNetworks(IEnumerable<IPNetwork> networks) => _networks = [.. networks];

    /// <summary>No limit.</summary>
    public static NodeNetworks Any { get; } = new([]);

    /// <summary>False: nodes may stand anywhere.</summary>
    public bool IsLimited => _networks.Length > 0;

    /// <summary>Whether a node may stand there. An IPv4 address in IPv6 spelling (<c>::ffff:10.0.0.1</c>) counts as what it is.</summary>
    public bool Allows(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!IsLimited)
            return true;
        var actual = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_networks, n => n.Contains(actual));
    }

    /// <summary>Connects to the first address of a node that answers, of those that are allowed.</summary>
    /// <param name="socket">Not connected yet.</param>
    /// <param name="endpoint">The node's host, a name or an address, and port.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">Nothing answers, or no address of the host is allowed (<see cref="SocketError.AccessDenied"/>).</exception>
    public async ValueTask ConnectAsync(Socket socket, DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!IsLimited)
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return;
        }
        var allowed = await ResolveAsync(endpoint, cancellationToken).ConfigureAwait(false);
        await socket.ConnectAsync(allowed, endpoint.Port, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The addresses of a node that are allowed.</summary>
    /// <param name="endpoint">The node's host, a name or an address.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">The name is unknown, or no address of the host is allowed (<see cref="SocketError.AccessDenied"/>).</exception>
    public async ValueTask<IPAddress[]> ResolveAsync(DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, Allows);
        if (allowed.Length == 0)
        {
            throw new SocketException((int)SocketError.AccessDenied,
                $"{endpoint.Host} ({string.Join<IPAddress>(", ", addresses)}) is in none of the networks that nodes may stand in: {this}");
        }
        return allowed;
    }

    /// <inheritdoc/>
    public override string ToString() => IsLimited ? string.Join(", ", _networks) : "any";
}
