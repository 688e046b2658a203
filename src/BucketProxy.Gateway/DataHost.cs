using System.Net;
using System.Text;
using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BucketProxy.Gateway;

/// <summary>
/// The data port: a bare, tuned HTTP server whose every request goes straight through the <c>Dispatcher</c>. Routes by whatever the
/// given <see cref="CurrentTable"/> holds.
/// </summary>
public sealed class DataHost : IAsyncDisposable
{
    /// <summary>Name of the meter that the data plane's metrics are in.</summary>
    public const string MeterName = GatewayMetrics.MeterName;

    /// <summary>Name of the histogram that every request is recorded in.</summary>
    public const string DurationName = GatewayMetrics.DurationName;

    /// <summary>Name of the activity source for spans of holding and forwarding.</summary>
    public const string ActivitySourceName = GatewayTracing.SourceName;

    private readonly CurrentTable _current;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ServiceProvider _services;
    private readonly NodeLinks _links;
    private readonly HoldRoom _holds;
    private readonly GatewayMetrics _metrics;
    private readonly LocalRoutes _local;
    private readonly DataApplication _application;
    private readonly ServerCertificate? _certificate;
    private readonly KestrelServer _server;
    private readonly DetachedTunnels _detached;
    private int _stopped;

    /// <summary>Makes the host; nothing is open before <see cref="StartAsync"/>.</summary>
    /// <param name="current">The published table.</param>
    /// <param name="traffic">What is in flight, made for the same table before anybody else subscribed to it.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">Every wait and limit goes by it.</param>
    /// <param name="loggerFactory">Where to log; nothing is logged per request.</param>
    /// <param name="telemetry">What is told of requests; null: figures for whoever listens.</param>
    /// <exception cref="ArgumentException">A setting cannot work; the message names each.</exception>
    /// <exception cref="IOException">A file of the certificate cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate or key.</exception>
    public DataHost(
        CurrentTable current,
        Traffic traffic,
        GatewayOptions options,
        TimeProvider time,
        ILoggerFactory loggerFactory,
        GatewayTelemetry? telemetry = null)
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

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // For TLS, which asks for services of the server's own.
        builder.WebHost.UseKestrelCore();
        _services = builder.Services
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(time)
            .BuildServiceProvider();
        _links = new NodeLinks(options, time);
        _holds = new HoldRoom(current, options, time);
        telemetry ??= new GatewayTelemetry();
        var connections = new ConnectionCount(options.MaxConnections);
        _detached = new DetachedTunnels(connections, _log);
        _metrics = new GatewayMetrics(_links, _holds, traffic, connections, telemetry);
        _local = new LocalRoutes(current, new SysInfo(current, _links, options, time), options);
        _application = new DataApplication(new Dispatcher(
            new TargetExtractor(options.PathPrefixes),
            current,
            _links,
            _holds,
            new Resend(current, _holds, _metrics, options, time),
            new PlainProxy(traffic, options),
            new WebSocketProxy(traffic, _detached, _metrics, options, time),
            _local,
            traffic,
            new RequestTelemetry(_metrics, telemetry, time),
            options,
            _log));
        _certificate = options.CertificateFile is { } file ? new ServerCertificate(file, options.KeyFile, time, _log) : null;
        _server = new KestrelServer(
            Options.Create(Server(options, _certificate, time, connections, _services)),
            DataTransport.Create(options, time, loggerFactory),
            loggerFactory);
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
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _server.StartAsync(_application, cancellationToken);
        Log.Started(_log, string.Join(", ", Addresses));
    }

    /// <summary>
    /// Begins to stop without closing the port: <c>/ping/</c> answers 503, held requests are answered 503, websockets are closed with
    /// 1012, spread. Other requests are still served.
    /// </summary>
    public void BeginDrain()
    {
        if (_local.IsDraining)
            return;
        _local.IsDraining = true;
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

    /// <summary>Stops, and lets go of everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
        _certificate?.Dispose();
        _holds.Dispose();
        _metrics.Dispose();
        _links.Dispose();
        await _services.DisposeAsync();
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
        if (LocalRoutes.CanRoute(after))
            _links.Allow();
    }

    private static KestrelServerOptions Server(
        GatewayOptions options, ServerCertificate? certificate, TimeProvider time, ConnectionCount connections, IServiceProvider services)
    {
        var server = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
            // HTTP/2 without TLS is told to the server as an ALPN outcome (PrefaceProtocol), but its scheme is http.
            AllowAlternateSchemes = true,
            ApplicationServices = services,
            // Header bytes are Latin-1 on both ways: what came in goes out (RFC 9110 section 5.5, obs-text).
            RequestHeaderEncodingSelector = static name => name == "Connection" ? ConnectionHeaderEncoding.Instance : Encoding.Latin1,
            ResponseHeaderEncodingSelector = static _ => Encoding.Latin1,
        };
        var limits = server.Limits;
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
        limits.MaxRequestLineSize = options.MaxRequestLineBytes;
        limits.MaxRequestBufferSize = options.ReadAheadBytes;
        limits.MaxResponseBufferSize = options.WriteAheadBytes;
        limits.KeepAliveTimeout = options.ClientKeepAlive;
        limits.RequestHeadersTimeout = options.HeadersTimeout;
        // A held upload moves nothing, and a slow one is no attack here: the idle timeout limits both.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        if (options.Address == "*")
            server.ListenAnyIP(options.Port, Configure);
        else
            server.Listen(IPAddress.Parse(options.Address), options.Port, Configure);
        return server;

        void Configure(ListenOptions listen)
        {
            listen.Use(connections.Around);
            if (certificate is null)
                listen.UsePrefaceProtocol(options.ClientKeepAlive, time);
            else
                listen.UseCertificate(certificate);
        }
    }
}
