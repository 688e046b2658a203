using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Participation;
using BucketProxy.Gateway.Telemetry;

namespace BucketProxy.Composition;

/// <summary>
/// The data plane of one process: its port, its part in the cluster, its table on disk. Started before the mirror, because a
/// proxy registers before it reads; stopped before the mirror, because moves wait for its word while requests run out.
/// </summary>
internal sealed class ProxyRole : IAsyncDisposable
{
    private readonly TableCache _cache;

    private ProxyRole(CurrentTable table, TableCache cache, DataHost host, ProxyAgent agent)
    {
        Table = table;
        _cache = cache;
        Host = host;
        Agent = agent;
    }

    /// <summary>The table that requests are routed by.</summary>
    public CurrentTable Table { get; }

    /// <summary>The data port.</summary>
    public DataHost Host { get; }

    /// <summary>Its part in the cluster.</summary>
    public ProxyAgent Agent { get; }

    /// <summary>Opens the port and begins to take part.</summary>
    /// <exception cref="IOException">The port is taken, or the state directory cannot be used.</exception>
    public static async Task<ProxyRole> StartAsync(
        CurrentTable table,
        TableCache cache,
        IClusterStore store,
        KeySchema keys,
        IViewSource views,
        GatewayOptions gateway,
        GatewayTelemetry telemetry,
        ProxyAgentOptions agentOptions,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        // Subscribes to the table first: whoever asks for silence asks after this saw the publication.
        var traffic = new Traffic(table, time, gateway.HottestBases);
        if (cache.Table is { } stale)
            table.Publish(stale);
        var host = new DataHost(table, traffic, gateway, time, loggers, telemetry);
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
        var agent = new ProxyAgent(
            store, keys, views, table, new GatewayTraffic(host), agentOptions, time, loggers.CreateLogger<ProxyAgent>(), cache);
        agent.Start();
        return new ProxyRole(table, cache, host, agent);
    }

    /// <summary>Answers <c>/ping/</c> with 503, ends sockets, lets requests run out, leaves the cluster.</summary>
    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        await Agent.DisposeAsync();
        await Host.DisposeAsync();
        await _cache.DisposeAsync();
    }
}
