using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Keys;
using BucketProxy.Emulator.Checking;
using BucketProxy.Etcd;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Gates;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>One etcd member, a monitor, a proxy, and a gate beside each of two servers that follow nothing. The operator looks at what an order costs before giving it.</summary>
internal sealed partial class GatedSide(string directory, TwoServersOptions options) : ISide
{
    private const string One = "dtable-server-01";
    private const string Two = "dtable-server-02";
    private const int Buckets = 256;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private readonly string _directory = Directory.CreateDirectory(directory).FullName;
    private readonly List<IAsyncDisposable> _parts = [];
    private ServerDeaths? _deaths;
    private GateProcess[] _gates = [];
    private ServeProcess _proxy = null!;
    private ServeProcess _monitor = null!;
    private Operator _operator = null!;
    private OwnershipRecorder _owners = null!;

    public string Name => "gates";

    public IEntrance Entrance => _proxy;

    public string Storage => Path.Combine(_directory, "storage");

    public IReadOnlyList<string> Journals => [.. _gates.Select(gate => gate.Journal)];

    public IReadOnlyList<ObservedExit> Exits => _deaths!.Seen;

    public OwnershipHistory Owners => _owners.History;

    public async Task StartAsync()
    {
        var etcd = Keep(await EtcdCluster.StartAsync(1));
        var endpoint = etcd.Nodes[0].Endpoint;
        var store = Keep(new EtcdStore(EtcdClientOptions.ForEndpoints([endpoint]), TimeProvider.System, NullLogger<EtcdStore>.Instance));
        _owners = new OwnershipRecorder(store, new KeySchema(), TimeProvider.System);
        await _owners.StartAsync();
        Keep(_owners);

        // data.holdTime stays at its 25 s: a restart of these servers takes a few, and what it takes the forecast says.
        var settings = await SettingsFile.WriteAsync(_directory, endpoint, new SystemTestOptions { Nodes = 2, HandOff = false });
        // One member: its restart would be an absence, so the lease is as long as the manual of this product says.
        var gate = new GateProcessOptions { Lease = TimeSpan.FromSeconds(60), SaveTime = TimeSpan.FromSeconds(10), FlushInterval = options.FlushInterval };
        _gates = [.. new[] { One, Two }.Select(id => Keep(new GateProcess(id, settings, Storage, _directory, new Uri(endpoint).Port, gate)))];
        _monitor = Keep(new ServeProcess("monitor-1", "monitor", settings, _directory));
        _proxy = Keep(new ServeProcess("proxy-1", "proxy", settings, _directory));
        _operator = Keep(new Operator([_monitor]));
        _deaths = Keep(new ServerDeaths(_gates));
        await Task.WhenAll(_monitor.StartAsync(), _proxy.StartAsync());
        await Task.WhenAll(_gates.Select(g => g.StartAsync()));
        await _operator.UntilSettledAsync(_gates.Length, Limit);
    }

    public Task<ChangeNote> MakeAsync(Change change) => change switch
    {
        Change.Away => DrainAsync(),
        Change.Back => RebalanceAsync($"uncordon {Two}, rebalance", Buckets / 2, () => _operator.PostAsync($"/api/nodes/{Two}/uncordon")),
        // A third of all, of a weight of 0.5 beside one of 1.
        Change.Fewer => RebalanceAsync($"weight {Two} 0.5, rebalance", Buckets / 3, () => _operator.PutAsync($"/api/nodes/{Two}/weight", new JsonObject { ["weight"] = 0.5 })),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, null),
    };

    public async Task StopAsync()
    {
        await _proxy.TerminateAsync();
        await Task.WhenAll(_gates.Select(gate => gate.TerminateAsync()));
        await _monitor.TerminateAsync();
        await _deaths!.DisposeAsync();
        await _owners.DisposeAsync();
    }

    public async Task WriteLogsAsync()
    {
        foreach (var part in _gates.Concat<IRestartable>([_proxy, _monitor]))
            await File.WriteAllTextAsync(Path.Combine(_directory, part.Name + ".log"), part.Output);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task<ChangeNote> DrainAsync()
    {
        var preview = await _operator.PostAsync($"/api/nodes/{Two}/drain?dry_run=true");
        return await CarryOutAsync($"drain {Two}", ofTwo: 0, async () =>
        {
            await _operator.PostAsync($"/api/nodes/{Two}/drain");
            return [(string)preview["ordered"]!];
        });
    }

    private async Task<ChangeNote> RebalanceAsync(string what, int ofTwo, Func<Task<JsonNode>> prepareAsync)
    {
        await prepareAsync();
        return await CarryOutAsync(what, ofTwo, async () =>
        {
            string[] forecast = [];
            await Operator.UntilAsync("there is something to rebalance, and it goes as it was previewed", Limit, async () =>
            {
                var preview = await _operator.PostAsync("/rebalance/?dry_run=true");
                if (preview["moves"]!.AsArray().Count == 0)
                    return false;
                forecast = [.. preview["remarks"]!.AsArray().Select(remark => (string)remark!)];
                // Refused where something has changed since, such as a server that has just started: previewed again, as the refusal says.
                await _operator.PostAsync($"/rebalance/?plan={preview["plan"]}");
                return true;
            });
            return forecast;
        });
    }

    /// <param name="what">The order, for people.</param>
    /// <param name="ofTwo">How many buckets the second server has afterwards.</param>
    /// <param name="orderAsync">Gives it, and returns what was said beforehand.</param>
    private async Task<ChangeNote> CarryOutAsync(string what, int ofTwo, Func<Task<string[]>> orderAsync)
    {
        var wrong = new List<string>();
        var before = await ServersAsync();
        var since = Stopwatch.GetTimestamp();
        var forecast = await orderAsync();
        // Shares are met but for one bucket.
        await CheckAsync($"{Two} owns {ofTwo} buckets and nothing moves", async () =>
        {
            var buckets = (await _operator.GetAsync("/api/buckets")).AsArray();
            return buckets.All(bucket => (string?)bucket!["state"] == "open" && (string?)bucket["node"] is One or Two)
                && Math.Abs(buckets.Count(bucket => (string?)bucket!["node"] == Two) - ofTwo) <= (ofTwo == 0 ? 0 : 1);
        });
        var took = Stopwatch.GetElapsedTime(since);
        // What left it is open elsewhere as soon as it has saved; it starts meanwhile.
        await CheckAsync("both servers run", async () => (await ServersAsync()).All(server => server.Run is not null));
        var restarted = (await ServersAsync()).Where((server, i) => server.Run != before[i].Run).ToList();
        foreach (var server in restarted.Where(server => !forecast.Any(said => said.Contains(server.Id + " is restarted once", StringComparison.Ordinal) && Figure().IsMatch(said))))
            wrong.Add($"nobody said beforehand that {server.Id} is restarted, and how long that took the last time");
        wrong.AddRange(restarted.Where(server => server.Starts > before.Single(b => b.Id == server.Id).Starts + 1).Select(server => $"{server.Id} was restarted more than once"));
        if (restarted.Count == 0)
            wrong.Add("no server was restarted, so none can have let go of anything");
        return new ChangeNote(string.Join("; ", restarted.Select(server => string.Create(CultureInfo.InvariantCulture, $"{server.Id} was restarted in {server.Seconds:0.0} s")).Prepend(what)))
        {
            Forecast = forecast,
            Took = took,
            Wrong = wrong,
        };

        async Task CheckAsync(string state, Func<Task<bool>> condition)
        {
            try
            {
                await Operator.UntilAsync(state, Limit, condition);
            }
            catch (TimeoutException e)
            {
                wrong.Add(e.Message);
            }
        }
    }

    /// <summary>The servers as the operator sees them, and how often each was started.</summary>
    private async Task<IReadOnlyList<(string Id, string? Run, double? Seconds, int Starts)>> ServersAsync()
    {
        var nodes = (await _operator.GetAsync("/api/nodes")).AsArray();
        return [.. _gates.Select(gate =>
        {
            var node = nodes.Single(node => (string?)node!["id"] == gate.Name)!;
            return (gate.Name, (string?)node["incarnation"], (double?)node["restartSeconds"], gate.Runs().Count());
        })];
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }

    [GeneratedRegex(@"\d s the last time")]
    private static partial Regex Figure();
}
