using BucketProxy.Forwarder.Destinations;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>What a test wants of a proxy.</summary>
internal sealed record ProxySetup
{
    /// <summary>This library's forwarder and transport; else YARP's and the server's.</summary>
    public bool IsDirect { get; init; } = true;

    /// <summary>The destinations' URLs.</summary>
    public IReadOnlyList<string> Destinations { get; init; } = [];

    /// <summary>The host that requests to the destinations name.</summary>
    public string? DestinationHost { get; init; }

    public HttpClientConfig? HttpClient { get; init; }

    public ForwarderRequestConfig? HttpRequest { get; init; }

    public HealthCheckConfig? HealthCheck { get; init; }

    /// <summary>The server speaks HTTP/2, without TLS.</summary>
    public bool IsHttp2 { get; init; }

    public Action<IReverseProxyBuilder>? Proxy { get; init; }

    public Action<DirectHttpClientOptions>? Client { get; init; }

    /// <summary>Runs around the forwarding.</summary>
    public Func<HttpContext, RequestDelegate, Task>? Around { get; init; }
}

/// <summary>A whole proxy in this process: one route for everything, one cluster.</summary>
internal sealed class ProxyApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private int _underWay;

    private ProxyApp(WebApplication app) => _app = app;

    public int Port { get; private set; }

    /// <summary>Requests that have not ended.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public IServiceProvider Services => _app.Services;

    /// <summary>What the forwarder said of the requests that failed, in the order of their ends.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<IForwarderErrorFeature> Errors { get; } = new();

    public static Task<ProxyApp> StartAsync(int destination, ProxySetup? setup = null) =>
        StartAsync((setup ?? new()) with { Destinations = [$"http://127.0.0.1:{destination}/"] });

    public static async Task<ProxyApp> StartAsync(ProxySetup setup)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(
            System.Net.IPAddress.Loopback, 0, l => l.Protocols = setup.IsHttp2 ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var route = new RouteConfig { RouteId = "all", ClusterId = "cluster", Match = new RouteMatch { Path = "{**all}" } };
        var cluster = new ClusterConfig
        {
            ClusterId = "cluster",
            HttpClient = setup.HttpClient,
            HttpRequest = setup.HttpRequest,
            HealthCheck = setup.HealthCheck,
            Destinations = setup.Destinations.Select((url, i) => (url, i)).ToDictionary(
                d => $"d{d.i}", d => new DestinationConfig { Address = d.url, Host = setup.DestinationHost }),
        };
        var proxy = builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
        if (setup.IsDirect)
        {
            builder.WebHost.UseLoopTransport();
            proxy.AddDirectForwarder(setup.Client);
        }
        // Behind it: what is added later counts too.
        setup.Proxy?.Invoke(proxy);
        var app = builder.Build();
        var self = new ProxyApp(app);
        app.Use(async (context, next) =>
        {
            Interlocked.Increment(ref self._underWay);
            try
            {
                await (setup.Around is { } around ? around(context, next) : next(context));
            }
            finally
            {
                Interlocked.Decrement(ref self._underWay);
            }
            if (context.Features.Get<IForwarderErrorFeature>() is { } error)
                self.Errors.Enqueue(error);
        });
        app.MapReverseProxy();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        self.Port = new Uri(address).Port;
        return self;
    }

    public Task<RawClient> ClientAsync() => RawClient.ConnectAsync(Port);

    /// <summary>Asks on a connection of its own.</summary>
    public async Task<RawResponse> AskAsync(string request)
    {
        await using var client = await ClientAsync();
        return await client.AskAsync(request);
    }

    public static string Get(string target, string headers = "") => $"GET {target} HTTP/1.1\r\nHost: proxy.example\r\n{headers}\r\n";

    public static string Send(string method, string target, string body) =>
        $"{method} {target} HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
