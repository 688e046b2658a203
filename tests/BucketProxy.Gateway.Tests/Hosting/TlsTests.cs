using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Hosting;

public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task Request_OverTls_ReachesTheNodeInTheVersionThatWasAgreed(int major, int minor)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options());
        using var client = Client();

        using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, Address(gateway, "https"))
        {
            Version = new Version(major, minor),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(new Version(major, minor), response.Version);
        Assert.Equal("https", node.Requests.Single().Header("X-Forwarded-Proto"));
        Assert.StartsWith("https://", gateway.Host.Addresses.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithoutTls_IsNotServed()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options());
        using var client = Client();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Address(gateway, "http")));
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task WebSocket_OverTls_Echoes()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request).Replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", "", StringComparison.Ordinal));
            var frame = await wire.ReadFrameAsync();
            await wire.SendAsync(Ws.Frame(Ws.Text, frame.Payload, masked: false));
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options());
        using var client = Client();
        using var socket = new ClientWebSocket();

        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{gateway.Port}{SocketIo.Target}"), client, CancellationToken.None).Within();
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None).Within();
        var buffer = new byte[16];
        var got = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().Within();

        Assert.Equal("hello"u8.ToArray(), buffer[..got.Count]);
    }

    // The client knows the authority only. The mutation: the rest of the file is not sent.
    [Fact]
    public async Task Handshake_CertificateOfAnAuthorityInBetween_IsTrusted()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record,
            Options() with { CertificateFile = _certificates.ChainedServerFile, KeyFile = _certificates.ChainedServerKeyFile });
        using var client = Client();

        using var response = await client.GetAsync(Address(gateway, "https"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Files_Replaced_NewConnectionsGetTheNewCertificate()
    {
        using var directory = new TemporaryDirectory();
        var (file, keyFile) = (directory.Combine("tls.crt"), directory.Combine("tls.key"));
        File.Copy(_certificates.ServerFile, file);
        File.Copy(_certificates.ServerKeyFile, keyFile);
        var time = new FakeTimeProvider();
        using var certificate = new ServerCertificate(file, keyFile, time, NullLogger.Instance);
        var first = certificate.Current.TargetCertificate.Thumbprint;

        // One file of two: the old one stays.
        File.Copy(_certificates.ChainedServerFile, file, overwrite: true);
        time.Advance(ServerCertificate.LookInterval);
        Assert.Equal(first, certificate.Current.TargetCertificate.Thumbprint);

        File.Delete(keyFile);
        time.Advance(ServerCertificate.LookInterval);
        Assert.Equal(first, certificate.Current.TargetCertificate.Thumbprint);

        File.Copy(_certificates.ChainedServerKeyFile, keyFile);
        time.Advance(ServerCertificate.LookInterval);
        Assert.NotEqual(first, certificate.Current.TargetCertificate.Thumbprint);
        Assert.Equal("CN=chained-server", certificate.Current.TargetCertificate.Subject);
    }

    [Fact]
    public void Files_KeyOfAnotherCertificate_IsRefused() => Assert.ThrowsAny<CryptographicException>(
        () => new ServerCertificate(_certificates.ServerFile, _certificates.ClientKeyFile, TimeProvider.System, NullLogger.Instance));

    private GatewayOptions Options() => new() { CertificateFile = _certificates.ServerFile, KeyFile = _certificates.ServerKeyFile };

    private static Uri Address(GatewayUnderTest gateway, string scheme) => new($"{scheme}://127.0.0.1:{gateway.Port}{GatewayUnderTest.Path}");

    private HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(_certificates.AuthorityFile) },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        },
    });
}
