using System.Globalization;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>A data host on a free port of the loopback, with its table and traffic.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    /// <summary>A base of bucket 0f.</summary>
    public const string Uuid = "0f3b5a1e-7c2d-4e8f-9a0b-1c2d3e4f5a6b";

    /// <summary>A URL of that base.</summary>
    public const string Path = "/api/v1/dtables/" + Uuid + "/rows/";

    /// <summary>What forwards, unless a test asks for one of the two. Every test runs with each: the project says with which.</summary>
    public static ForwarderKind Forwarder { get; } =
#if YARP_FORWARDER
        ForwarderKind.Yarp;
#else
        ForwarderKind.Direct;
#endif

    private GatewayUnderTest(
        Tables tables, GatewayOptions options, TimeProvider time, GatewayTelemetry? telemetry, GatewayExtensions? extensions, ILoggerFactory? log)
    {
        Tables = tables;
        Traffic = new Traffic(tables.Current, time);
        Host = new DataHost(
            tables.Current,
            Traffic,
            options with { Address = "127.0.0.1", Port = 0 },
            time,
            log ?? NullLoggerFactory.Instance,
            telemetry,
            new GatewayExtensions { Proxy = extensions?.Proxy, Pipeline = Watched + extensions?.Pipeline });
    }

    public static BaseId BaseId { get; } = BaseId.Parse(Uuid);

    public static Bucket Bucket => BaseId.Bucket;

    public Tables Tables { get; }

    public Traffic Traffic { get; }

    public DataHost Host { get; }

    public int Port => new Uri(Host.Addresses.Single()).Port;

    /// <summary>Starts with every bucket open to <paramref name="owner"/>, or with none open.</summary>
    public static async Task<GatewayUnderTest> StartAsync(
        NodeRecord? owner,
        GatewayOptions? options = null,
        TimeProvider? time = null,
        GatewayTelemetry? telemetry = null,
        GatewayExtensions? extensions = null,
        ForwarderKind? forwarder = null,
        ILoggerFactory? log = null)
    {
        var tables = new Tables();
        if (owner is not null)
            tables.OpenAll(owner);
        options = (options ?? new GatewayOptions()) with { Forwarder = forwarder ?? Forwarder };
        var gateway = new GatewayUnderTest(tables, options, time ?? TimeProvider.System, telemetry, extensions, log);
        tables.Publish();
        await gateway.Host.StartAsync();
        return gateway;
    }

    public Task<RawClient> ClientAsync() => RawClient.ConnectAsync(Port);

    /// <summary>One request on a connection of its own.</summary>
    public async Task<RawResponse> AskAsync(string latin1)
    {
        await using var client = await ClientAsync();
        return await client.AskAsync(latin1);
    }

    public static string Get(string target, string headers = "") => $"GET {target} HTTP/1.1\r\nHost: proxy.example\r\n{headers}\r\n";

    public static string Send(string method, string target, string body, string headers = "") => string.Create(
        CultureInfo.InvariantCulture, $"{method} {target} HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: {body.Length}\r\n{headers}\r\n{body}");

    /// <summary>Waits for a state that comes by itself, with a limit that only a fault reaches.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => Patience.UntilAsync(condition, what);

    /// <summary>For <see cref="IoWatchdog"/>: what the threads are at that carry a request.</summary>
    private static Action<IReverseProxyApplicationBuilder> Watched { get; } = static pipeline => pipeline.Use(static (context, next) =>
    {
        IoWatchdog.Operation = $"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}";
        return next(context);
    });

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        IoWatchdog.ThrowIfBlocked();
    }
}
