using System.Security.Cryptography.X509Certificates;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Tests.Destinations;

/// <summary>Destinations of <c>https</c>.</summary>
public sealed class HttpsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task AnyCertificateAccepted_Forwards()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.ServerFile, _certificates.ServerKeyFile);
        await using var server = new RawServer(certificate: certificate);
        await using var app = await StartAsync(server.Port, new ProxySetup { HttpClient = new HttpClientConfig { DangerousAcceptAnyServerCertificate = true } });
        await using var client = await RawClient.ConnectAsync(app.Port);

        for (var i = 0; i < 3; i++)
            Assert.Equal("ok", (await client.AskAsync("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")).Text);

        Assert.Equal(1, server.Connections);
        Assert.All(server.Requests, r => Assert.Equal($"127.0.0.1:{server.Port}", r.Header("Host")));
    }

    [Fact]
    public async Task AuthorityTrusted_Forwards()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.ServerFile, _certificates.ServerKeyFile);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(_certificates.AuthorityFile);
        await using var server = new RawServer(certificate: certificate);
        await using var app = await StartAsync(server.Port, new ProxySetup
        {
            Client = o => o.SslOptions = new()
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        });
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal("ok", (await client.AskAsync("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Fact]
    public async Task AuthorityUnknown_502AndNothingIsSent()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.ServerFile, _certificates.ServerKeyFile);
        await using var server = new RawServer(certificate: certificate);
        await using var app = await StartAsync(server.Port, new ProxySetup());
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal(502, (await client.AskAsync("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        Assert.Equal(ForwarderError.Request, Assert.Single(app.Errors).Error);
        Assert.Empty(server.Requests);
    }

    private static Task<ProxyApp> StartAsync(int port, ProxySetup setup) =>
        ProxyApp.StartAsync(setup with { Destinations = [$"https://127.0.0.1:{port}/"] });
}
