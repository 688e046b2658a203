using System.Net;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Tests.Destinations;

/// <summary>What the direct forwarder does not do is refused when a cluster is configured.</summary>
public sealed class ConfigurationTests
{
    public static TheoryData<string, HttpVersionPolicy?, bool> Versions => new()
    {
        { "1.1", null, true },
        { "1.1", HttpVersionPolicy.RequestVersionExact, true },
        { "1.1", HttpVersionPolicy.RequestVersionOrHigher, true },
        { "1.0", HttpVersionPolicy.RequestVersionOrHigher, true },
        { "1.0", null, false },
        { "2.0", null, true },
        { "3.0", HttpVersionPolicy.RequestVersionOrLower, true },
        { "2.0", HttpVersionPolicy.RequestVersionExact, false },
        { "2.0", HttpVersionPolicy.RequestVersionOrHigher, false },
        { "3.0", HttpVersionPolicy.RequestVersionExact, false },
    };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Version_Http11MustBeAllowed(string version, HttpVersionPolicy? policy, bool isFine)
    {
        var errors = await ErrorsAsync(new ClusterConfig
        {
            ClusterId = "c",
            HttpRequest = new ForwarderRequestConfig { Version = Version.Parse(version), VersionPolicy = policy },
        });

        if (isFine)
            Assert.Empty(errors);
        else
            Assert.Contains($"Cluster 'c': HttpRequest is version {version} with the policy", Assert.Single(errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_EachSettingThatIsNotHonoured_Named()
    {
        var errors = await ErrorsAsync(new ClusterConfig
        {
            ClusterId = "c",
            HttpClient = new HttpClientConfig
            {
                WebProxy = new WebProxyConfig { Address = new Uri("http://proxy:1/") },
                MaxConnectionsPerServer = 3,
                EnableMultipleHttp2Connections = true,
                RequestHeaderEncoding = "utf-8",
                ResponseHeaderEncoding = "utf-8",
            },
            HealthCheck = new HealthCheckConfig { Active = new ActiveHealthCheckConfig { Enabled = true } },
        });

        Assert.Equal(
            [
                "HttpClient.WebProxy", "HttpClient.MaxConnectionsPerServer", "HttpClient.EnableMultipleHttp2Connections", "HttpClient.RequestHeaderEncoding",
                "HttpClient.ResponseHeaderEncoding", "HealthCheck.Active.Enabled",
            ],
            errors.Select(e => e.Message.Split(' ')[2]));
    }

    [Fact]
    public async Task Client_WhatIsHonoured_Fine() => Assert.Empty(await ErrorsAsync(new ClusterConfig
    {
        ClusterId = "c",
        HttpClient = new HttpClientConfig
        {
            DangerousAcceptAnyServerCertificate = true,
            SslProtocols = System.Security.Authentication.SslProtocols.Tls13,
            EnableMultipleHttp2Connections = false,
            RequestHeaderEncoding = "latin1",
        },
    }));

    [Fact]
    public async Task Start_ClusterWantsHttp2_Throws()
    {
        await using var server = new RawServer();
        var http2 = new ForwarderRequestConfig { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        var error = await Assert.ThrowsAnyAsync<Exception>(() => ProxyApp.StartAsync(server.Port, new ProxySetup { HttpRequest = http2 }));

        Assert.Contains("which the direct forwarder does not do", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_OutOfRange_Throws()
    {
        var proxy = new ServiceCollection().AddReverseProxy();
        var error = Assert.Throws<ArgumentException>(() => proxy.AddDirectForwarder(o => o.ConnectTimeout = TimeSpan.Zero));
        Assert.StartsWith("ConnectTimeout: 00:00:00 is out of range", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddedTwice_WorksOnce()
    {
        await using var server = new RawServer();
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup { Proxy = static p => p.AddDirectForwarder() });
        await using var client = await RawClient.ConnectAsync(app.Port);
        Assert.Equal("ok", (await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Fact]
    public void Factory_SameSettings_SameClient()
    {
        var factory = new DirectHttpClientFactory(new DirectHttpClientOptions(), TimeProvider.System);
        using var first = factory.CreateClient(new ForwarderHttpClientContext { NewConfig = HttpClientConfig.Empty });

        Assert.Same(first, factory.CreateClient(new ForwarderHttpClientContext
        {
            OldClient = first,
            OldConfig = HttpClientConfig.Empty,
            NewConfig = new HttpClientConfig(),
        }));
        using var other = factory.CreateClient(new ForwarderHttpClientContext
        {
            OldClient = first,
            OldConfig = HttpClientConfig.Empty,
            NewConfig = new HttpClientConfig { DangerousAcceptAnyServerCertificate = true },
        });
        Assert.NotSame(first, other);
    }

    [Fact]
    public async Task Client_AskedToSendByItself_SaysWhatToDo()
    {
        using var client = new DirectHttpClient(new DirectHttpClientOptions(), TimeProvider.System);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://a/");
        var error = await Assert.ThrowsAsync<NotSupportedException>(() => client.SendAsync(request, CancellationToken.None));
        Assert.Contains("AddDirectForwarder", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<Exception>> ErrorsAsync(ClusterConfig cluster)
    {
        var errors = new List<Exception>();
        await new ClusterValidator().ValidateAsync(cluster, errors);
        return errors;
    }
}
