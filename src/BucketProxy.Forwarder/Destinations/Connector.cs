using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>Connects to a destination's host: on an event loop where that can be, else by the runtime's sockets, with TLS over it for <c>https</c>.</summary>
internal sealed class Connector
{
    private readonly DirectHttpClientOptions _options;
    private readonly DnsEndPoint _host;
    private readonly IPAddress[]? _address;
    private readonly SslClientAuthenticationOptions? _tls;
    private readonly bool _usesLoops;

    public Connector(Uri destination, DirectHttpClientOptions options)
    {
        _options = options;
        _host = new DnsEndPoint(destination.DnsSafeHost, destination.Port);
        if (options.Resolve is null && IPAddress.TryParse(destination.DnsSafeHost, out var address))
            _address = [address];
        if (destination.Scheme == Uri.UriSchemeHttps)
            _tls = Tls(options.SslOptions, destination.IdnHost);
        _usesLoops = _tls is null && options.UseLoops && EventLoop.IsSupported;
    }

    /// <exception cref="SocketException">No address answers, or there is none.</exception>
    /// <exception cref="IOException">The machine is out of something, or the destination broke off in the midst of TLS.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The destination's certificate is not trusted.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<ITransport> ConnectAsync(CancellationToken cancellationToken)
    {
        var addresses = _address ?? await ResolveAsync(cancellationToken);
        if (_usesLoops)
            return new LoopSocketTransport(await LoopConnector.ConnectAsync(addresses, _host.Port, cancellationToken));
        var socket = await ConnectAsync(addresses, _host.Port, cancellationToken);
        try
        {
            return new StreamTransport(socket, _tls is null ? null : await SecureAsync(socket, _tls, cancellationToken));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private ValueTask<IPAddress[]> ResolveAsync(CancellationToken cancellationToken) =>
        _options.Resolve is { } resolve
            ? resolve(_host, cancellationToken)
            : new ValueTask<IPAddress[]>(Dns.GetHostAddressesAsync(_host.Host, cancellationToken));

    private static async ValueTask<Socket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        SocketException? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async ValueTask<Stream> SecureAsync(Socket socket, SslClientAuthenticationOptions tls, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(tls, cancellationToken);
        return stream;
    }

    private static SslClientAuthenticationOptions Tls(SslClientAuthenticationOptions? given, string host)
    {
        var tls = Copy(given);
        tls.TargetHost = host;
        return tls;
    }

    /// <summary>A copy without the name, which is the destination's, and without protocols within TLS: none but HTTP/1.1 is spoken.</summary>
    public static SslClientAuthenticationOptions Copy(SslClientAuthenticationOptions? given) => given is null
        ? new()
        : new()
        {
            AllowRenegotiation = given.AllowRenegotiation,
            AllowTlsResume = given.AllowTlsResume,
            CertificateChainPolicy = given.CertificateChainPolicy,
            CertificateRevocationCheckMode = given.CertificateRevocationCheckMode,
            CipherSuitesPolicy = given.CipherSuitesPolicy,
            ClientCertificateContext = given.ClientCertificateContext,
            ClientCertificates = given.ClientCertificates,
            EnabledSslProtocols = given.EnabledSslProtocols,
            EncryptionPolicy = given.EncryptionPolicy,
            LocalCertificateSelectionCallback = given.LocalCertificateSelectionCallback,
            RemoteCertificateValidationCallback = given.RemoteCertificateValidationCallback,
        };
}
