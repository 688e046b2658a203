using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Gating;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Participation;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Options;
using BucketProxy.Supervision;

namespace BucketProxy.Composition.Gates;

/// <summary>
/// The gate of one process: its port, its part in the cluster as a proxy that fences, its part as a gate, and its server. Started before the
/// mirror, as a proxy is; stopped before it.
/// </summary>
internal sealed class GateRole : IAsyncDisposable
{
    private readonly ProxyAgent _proxy;
    private readonly NodeCalls _calls;
    private readonly SupervisedServer? _server;

    private GateRole(DataHost host, ProxyAgent proxy, GateAgent agent, NodeCalls calls, SupervisedServer? server)
    {
        Host = host;
        _proxy = proxy;
        Agent = agent;
        _calls = calls;
        _server = server;
    }

    /// <summary>The gate's port.</summary>
    public DataHost Host { get; }

    /// <summary>Its part in the cluster.</summary>
    public GateAgent Agent { get; }

    /// <summary>The process of the server that was started last, living or dead; null: none was, or somebody else runs the server.</summary>
    public int? ServerProcessId => _server?.ProcessId;

    /// <summary>Completes once its part as a proxy serves by a table of its own, and the records of earlier processes are gone.</summary>
    public Task Serving => _proxy.Serving;

    /// <summary>Why no request goes to the server at the moment; null: they do, or would if it owned anything.</summary>
    public string? NotReady => Agent.IsOpen ? null : Agent.State switch
    {
        { CreatedAt: 0 } => Agent.Trouble is { } trouble ? $"the gate is not registered: {trouble}" : "the gate is not registered",
        { Step: ServerStep.Starting, Run: null } => "the server behind the gate is being started",
        { Step: ServerStep.Starting } => "the server behind the gate does not answer yet",
        { Step: ServerStep.Stopping or ServerStep.Draining } => "the server behind the gate is being restarted",
        { Step: ServerStep.None } => "the server behind the gate does not run",
        _ => "the gate waits for the store, or until a late save of an earlier run has landed",
    };

    /// <summary>Opens the port and begins to take part.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<GateRole> StartAsync(
        IClusterStore store, KeySchema keys, IViewSource views, GatewayOptions data, GatewayTelemetry telemetry, GateOptions gate,
        ProxyAgentOptions proxyOptions, NodeCallOptions callOptions, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var time = SupervisedServer.Clock;
        var options = Of(gate, proxyOptions);
        var table = new CurrentTable();
        // Subscribes to the table first: whoever asks for silence asks after this saw the publication.
        var traffic = new Traffic(table, time, data.HottestBases);
        GateAgent? agent = null;
        var host = new DataHost(
            table, traffic,
            data with
            {
                Gate = new GateAdmission
                {
                    NodeId = gate.Node,
                    Server = gate.Server,
                    LeaseIsValid = () => Volatile.Read(ref agent) is { LeaseIsValid: true },
                    ServerAnswers = () => Volatile.Read(ref agent) is { ServerAnswers: true },
                },
            },
            time, loggers, telemetry);
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
        var seat = new OwnServerSeat(new OwnServer(gate.Node, gate.Server, null, IsOpen: false));
        var proxy = new ProxyAgent(
            store, keys, views, table, new GatewayTraffic(host), proxyOptions, time, loggers.CreateLogger<ProxyAgent>(), cache: null, seat);
        var calls = new NodeCalls(callOptions, time);
        var launcher = !gate.IsSupervised ? null : new SupervisedServer(
            new SupervisedProcessOptions
            {
                Command = gate.Command,
                Fuse = ThisProgram.CommandLine(Fuse.Command),
                StopSignal = gate.StopSignal,
                WorkingDirectory = gate.WorkingDirectory,
                // The gate's own settings, secrets among them, are nothing to the server.
                Environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
                    .Where(name => name.StartsWith("BUCKETPROXY_", StringComparison.Ordinal)).ToDictionary(name => name, _ => (string?)null),
            },
            proxyOptions.Instance, loggers.CreateLogger<SupervisedServer>());
        Volatile.Write(ref agent, new GateAgent(
            store, keys, views, proxy, seat, new GateTraffic(host), new ServerCalls(calls, gate.Server, ReleaseTimeout), launcher, options, time,
            loggers.CreateLogger<GateAgent>()));
        proxy.Start();
        agent.Start();
        return new GateRole(host, proxy, agent, calls, launcher);
    }

    // As long as a leader waits for a release by default; whoever gives up first, the next move asks again.
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(15);

    // As long as the registration of a dtable-server that registers itself outlives it: the end of neither proves the server's death.
    private static readonly TimeSpan UnsupervisedLease = TimeSpan.FromSeconds(90);

    private static GateAgentOptions Of(GateOptions gate, ProxyAgentOptions proxy) => new()
    {
        Instance = proxy.Instance,
        Predecessors = proxy.Predecessors,
        NodeId = gate.Node,
        Server = gate.Server,
        LocalNodeUrl = gate.Advertise.OriginalString,
        NodeUrl = (gate.AdvertiseNodeUrl ?? gate.Advertise).OriginalString,
        Supervised = gate.IsSupervised,
        Release = gate.Release switch
        {
            GateRelease.Call => ReleaseMode.Call,
            GateRelease.Restart => ReleaseMode.Restart,
            _ => ReleaseMode.None,
        },
        LeaseTimeToLive = gate.IsSupervised || gate.LeaseTimeToLive > UnsupervisedLease ? gate.LeaseTimeToLive : UnsupervisedLease,
        Margin = gate.Margin,
        SaveTime = gate.SaveTime,
        LateSaveTime = gate.LateSaveTime,
        StartTimeout = gate.StartTimeout,
        Version = proxy.Version,
    };

    /// <summary>Ends sockets, lets requests run out, has the server save and end, and leaves the cluster.</summary>
    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        await Agent.DisposeAsync();
        await _proxy.DisposeAsync();
        await Host.DisposeAsync();
        _calls.Dispose();
    }
}
