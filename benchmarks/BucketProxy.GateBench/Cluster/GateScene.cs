using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.SystemTest;
using BucketProxy.SystemTest.Gates;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.GateBench.Cluster;

/// <summary>Three servers behind gates, as gates are installed, under a load that does not give way.</summary>
internal sealed class GateScene : IAsyncDisposable
{
    private const int Nodes = 3;
    private static readonly TimeSpan OwnerSlack = TimeSpan.FromSeconds(5);

    private readonly GateBenchOptions _options;
    private readonly string _directory;
    private readonly List<IAsyncDisposable> _parts = [];
    private bool _isJudged;

    private GateScene(GateBenchOptions options)
    {
        _options = options;
        _directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-gatebench-{Guid.NewGuid():N}")).FullName;
        var random = new Random(options.Seed);
        Bases = [.. Enumerable.Range(0, options.Bases).Select(_ => SystemRun.NewUuid(random))];
    }

    public GateCluster Cluster { get; private set; } = null!;

    public SteadyLoad Load { get; private set; } = null!;

    public StoreTimeline Timeline { get; private set; } = null!;

    public Outcomes Outcomes { get; } = new();

    public IReadOnlyList<string> Bases { get; }

    /// <summary>Starts it, and waits until every base is in memory, or nearly.</summary>
    public static async Task<GateScene> StartAsync(GateBenchOptions options)
    {
        var scene = new GateScene(options);
        try
        {
            await scene.StartAsync();
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything in order and has every row, owner, memory and save judged; answers what is wrong.</summary>
    public async Task<(IReadOnlyList<string> Faults, string Verdict)> JudgeAsync()
    {
        await Load.StopAsync();
        await Cluster.StopAsync();
        _isJudged = true;
        await Cluster.Owners.DisposeAsync();
        await Cluster.WriteLogsAsync();
        var (journal, _) = JournalReader.Read(Cluster.Gates.Select(gate => gate.Journal));
        var ownership = OwnershipChecker.Check(new OwnershipCheck
        {
            Journal = journal,
            StorageDirectory = Cluster.Storage,
            Acknowledged = Outcomes.Acknowledged,
            Owners = Cluster.Owners.History,
            Exits = Cluster.Exits,
            OwnerSlack = OwnerSlack,
        });
        var (failed, excused) = Outcomes.Judge();
        List<string> faults = [.. failed.Take(10).Select(failure => $"a request failed: {failure}")];
        if (failed.Count > faults.Count)
            faults.Add($"{failed.Count - faults.Count} more requests failed");
        if (ownership is not { IsClean: true, RowsJudged: > 0, ServesJudged: > 0, Loads: > 0 })
            faults.Add(ownership.ToString());
        if (faults.Count > 0)
            faults.Add($"logs, journals and storage: {_directory}");
        else if (_options.Directory is null)
            Directory.Delete(_directory, recursive: true);
        return (faults, $"Of {Outcomes.Acknowledged.Count + failed.Count + excused} requests {failed.Count} failed, and {excused} at bases of what was killed, while it was closed. {ownership}.");
    }

    public async ValueTask DisposeAsync()
    {
        // Broken off: the logs say why.
        if (!_isJudged && Cluster is not null)
        {
            await Cluster.WriteLogsAsync();
            Console.Error.WriteLine($"logs, journals and storage: {_directory}");
        }
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task StartAsync()
    {
        // Every default of gate and monitor, but how servers let go, and that no first assignment is made before all are there.
        Cluster = Keep(await GateCluster.StartAsync(
            _directory, [.. Enumerable.Repeat(GateProcessOptions.AsInstalled with { Stand = Stand.Called }, Nodes)], monitor: new JsonObject { ["minNodes"] = Nodes }));
        Timeline = Keep(await StoreTimeline.StartAsync(Cluster.Store));
        var ready = Keep(new ReadinessWatch(Cluster.Proxies));
        Load = Keep(new SteadyLoad(Bases, ready, _options.Rate, _options.Seed, Outcomes));
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
