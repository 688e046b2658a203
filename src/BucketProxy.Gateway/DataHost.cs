using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Granting;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Logging;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Targeting;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway;

/// <summary>
/// The data port: an application of ASP.NET Core with YARP's pipeline (<c>Pipeline/DataPipeline.cs</c> shows it), bare and tuned. Routes by whatever the
/// given <see cref="CurrentTable"/> holds.
/// </summary>
public sealed class DataHost : IAsyncDisposable
{
    /// <summary>Name of the meter that the data plane's metrics are in.</summary>
    public const string MeterName = GatewayMetrics.MeterName;

    /// <summary>Name of the histogram that every request is recorded in.</summary>
    public const string DurationName = GatewayMetrics.DurationName;

    /// <summary>Name of the activity source for spans of holding and forwarding.</summary>
    public const string ActivitySourceName = RequestTracing.SourceName;

    private readonly CurrentTable _current;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly WebApplication _app;
    private readonly IServer _server;
    private readonly DataApplication _application;
    private readonly NodeLinks _links;
    private readonly HoldRoom _holds;
    private readonly Draining _draining;
    private readonly DetachedTunnels _detached;
    private readonly ServerCertificate? _certificate;
    private int _stopped;

    /// <summary>Makes the host; nothing is open before <see cref="StartAsync"/>.</summary>
    /// <param name="current">The published table.</param>
    /// <param name="traffic">What is in flight, made for the same table before anybody else subscribed to it.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">Every wait and limit goes by it.</param>
    /// <param name="loggerFactory">Where to log; nothing is logged per request. Not disposed of.</param>
    /// <param name="telemetry">What is told of requests; null: figures for whoever listens.</param>
    /// <param name="extensions">Middlewares and transforms to add to YARP's; null: none.</param>
    /// <exception cref="ArgumentException">A setting cannot work; the message names each.</exception>
    /// <exception cref="IOException">A file of the certificate cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate or key.</exception>
    public DataHost(
        CurrentTable current,
        Traffic traffic,
        GatewayOptions options,
        TimeProvider time,
        ILoggerFactory loggerFactory,
        GatewayTelemetry? telemetry = null,
        GatewayExtensions? extensions = null)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(traffic);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        options.ThrowIfInvalid();
        // A bare LF ends a line for some parsers and is part of a value for others (RFC 9112 section 2.2). Read when the
        // server is made, by every server of this kind in the process.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        _current = current;
        _options = options;
        _time = time;
        _log = loggerFactory.CreateLogger("BucketProxy.Gateway");
        Traffic = traffic;
        _certificate = options.CertificateFile is { } file ? new ServerCertificate(file, options.KeyFile, time, _log) : null;
        telemetry ??= new GatewayTelemetry();
        extensions ??= new GatewayExtensions();

        // For its services and the server. It is not run: its way of running an application is not ours (DataApplication).
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseDataTransport(options);
        var services = builder.Services;
        services
            .AddSingleton<ILoggerFactory>(new DataLogging(loggerFactory))
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(current)
            .AddSingleton(traffic)
            .AddSingleton(options)
            .AddSingleton(time)
            .AddSingleton(telemetry)
            .AddSingleton<Draining>()
            .AddSingleton(new ConnectionCount(options.MaxConnections))
            .AddSingleton(new TargetExtractor(options.PathPrefixes))
            .AddSingleton<NodeLinks>()
            .AddSingleton<HoldRoom>()
            .AddSingleton<TableRevisions>()
            .AddSingleton<Admissions>()
            .AddSingleton<Resend>()
            .AddSingleton<SysInfo>()
            .AddSingleton<LocalRoutes>()
            .AddSingleton<ExactTransformer>()
            .AddSingleton<DetachedTunnels>()
            .AddSingleton<GatewayMetrics>()
            .AddSingleton<RequestTracing>()
            .AddSingleton<RequestTelemetry>();
        // So that the server's figures are those of whoever made the other meters.
        if (telemetry.Meters is { } meters)
            services.AddSingleton(meters);
        services.AddRouting();
        AddProxy(services, options, extensions);
        services.Configure<KestrelServerOptions>(server => KestrelLimits.Apply(server, options));
        services.AddOptions<KestrelServerOptions>().Configure<ConnectionCount, Draining>((server, connections, draining) => KestrelLimits.Listen(server, options, listen =>
        {
            listen.Use(connections.Around);
            if (_certificate is null)
                listen.UsePrefaceProtocol(options.ClientKeepAlive, time, draining);
            else
                listen.UseCertificate(_certificate);
        }));

        _app = builder.Build();
        _links = _app.Services.GetRequiredService<NodeLinks>();
        _holds = _app.Services.GetRequiredService<HoldRoom>();
        _draining = _app.Services.GetRequiredService<Draining>();
        _detached = _app.Services.GetRequiredService<DetachedTunnels>();
        // Made now: what is observed must be there before the first request.
        _app.Services.GetRequiredService<GatewayMetrics>();
        _server = _app.Services.GetRequiredService<IServer>();
        _application = new DataApplication(
            DataPipeline.Build(_app.Services, extensions, telemetry.Tracing.IsOn),
            _app.Services.GetRequiredService<RequestTelemetry>(),
            _app.Services.GetRequiredService<IServiceScopeFactory>());
        current.Published += OnPublished;
    }

    /// <summary>What is in flight.</summary>
    public Traffic Traffic { get; }

    /// <summary>Requests held now.</summary>
    public int Held => _holds.Held;

    /// <summary>How long the request has been held that waits longest now; zero: none waits.</summary>
    public TimeSpan LongestHeld => _holds.LongestHeld;

    /// <summary>The addresses that are really open, for example <c>http://[::]:5550</c>; empty before the start.</summary>
    public IReadOnlyList<string> Addresses =>
        [.. _server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []];

    /// <summary>Opens the port.</summary>
    /// <exception cref="IOException">The port is taken, is not for this user, or its address is none of this machine.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await BindFailure.NamedAsync($"{_options.Address}:{_options.Port}", () => _server.StartAsync(_application, cancellationToken));
        Log.Started(_log, string.Join(", ", Addresses));
    }

    /// <summary>
    /// Begins to stop without closing the port: <c>/ping/</c> answers 503, held requests are answered 503, websockets are closed with
    /// 1012, spread. Other requests are still served.
    /// </summary>
    public void BeginDrain()
    {
        if (!_draining.TryBegin())
            return;
        Log.Draining(_log, _holds.Held, Traffic.OpenTunnels, Traffic.PlainRequests);
        _holds.Drain();
        Traffic.CloseAll(TunnelClose.Drain, forGood: true);
    }

    /// <summary>
    /// Drains, closes the port, and returns when nothing is in flight any more, at the latest after
    /// <see cref="GatewayOptions.DrainGrace"/> plus <see cref="GatewayOptions.DrainLimit"/>: then the rest is cut.
    /// </summary>
    /// <param name="cancellationToken">Cuts at once.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        BeginDrain();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await Task.Delay(_options.DrainGrace, _time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Cut at once: the limit below is over already.
        }
        await using (_time.CreateTimer(_ => Cut(limit), null, _options.DrainLimit, Timeout.InfiniteTimeSpan))
        {
            await _server.StopAsync(limit.Token);
            await EndedAsync(_detached.WhenNoneAsync(), limit.Token);
        }
        CutAll();
        _current.Published -= OnPublished;
        Log.Stopped(_log);
    }

    /// <summary>
    /// Cuts everything that is in flight to nodes, at once: for a proxy that must be silent before its lease ends. Publish a table
    /// without an open entry first, or new requests follow. Nothing connects to a node again until a table with an open entry is
    /// published.
    /// </summary>
    public void CutAll()
    {
        var (requests, tunnels) = (Traffic.PlainRequests, Traffic.OpenTunnels);
        Traffic.CloseAll(TunnelClose.Cut, forGood: false);
        _links.CutAll();
        if (requests + tunnels > 0)
            Log.Cut(_log, requests, tunnels);
    }

    /// <summary>
    /// At a gate: a run of its own server is gone, or will be before the next one is started (G2). Closes the connections to it at once, and none is made to it ever again, also not by a
    /// request that was admitted to it before. Such a request looks its base up again if it was not sent, and ends with 502 if it was.
    /// </summary>
    /// <param name="incarnation">As the table's entries name the run.</param>
    public void Retire(string incarnation)
    {
        ArgumentException.ThrowIfNullOrEmpty(incarnation);
        _links.Retire(incarnation);
    }

    /// <summary>Stops, and lets go of everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _certificate?.Dispose();
    }

    private static async Task EndedAsync(Task ending, CancellationToken limit)
    {
        try
        {
            await ending.WaitAsync(limit);
        }
        catch (OperationCanceledException)
        {
            // What is left is cut.
        }
    }

    private void Cut(CancellationTokenSource limit)
    {
        Log.DrainCut(_log, _options.DrainLimit, Traffic.PlainRequests, Traffic.OpenTunnels);
        limit.Cancel();
        CutAll();
    }

    private void OnPublished(RoutingTable before, RoutingTable after)
    {
        _links.Forget(after);
        if (after.HasOpenBucket)
            _links.Allow();
    }

    /// <summary>YARP: one route, one cluster with the nodes of the table, and one of the two forwarders.</summary>
    private static void AddProxy(IServiceCollection services, GatewayOptions options, GatewayExtensions extensions)
    {
        services.AddSingleton<IProxyConfigProvider, NodeConfigProvider>();
        services.AddSingleton<IConfigChangeListener, YarpDestinations>();
        var proxy = services.AddReverseProxy().AddTransforms(static context => context.AddExactForwarding());
        if (options.Forwarder == ForwarderKind.Direct)
        {
            proxy.AddDirectForwarder();
            services.AddSingleton<IForwarderHttpClientFactory>(static s => new ClusterClientFactory(s.GetRequiredService<NodeLinks>().Direct));
        }
        else
        {
            proxy.AddTransforms(static context =>
            {
                context.RequestTransforms.Add(new PerNodeClient.Transform());
                context.ResponseTransforms.Add(new PerNodeClient.UnaskedTransform());
            });
            services.AddSingleton<IForwarderHttpClientFactory>(static _ => new ClusterClientFactory(new PerNodeClient()));
        }
        extensions.Proxy?.Invoke(proxy);
    }
}
