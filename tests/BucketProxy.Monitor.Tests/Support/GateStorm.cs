using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>
/// Gates, their servers and leaders come, go and report in random order, also between a decision and its write; and beside them the truth:
/// which process has which bucket in memory, and whose last save can still land.
/// </summary>
internal sealed class GateStorm
{
    private static readonly string[] Ids = ["dtable-server-a", "dtable-server-b", "dtable-server-c"];
    private static readonly TimeSpan LateSave = TimeSpan.FromSeconds(Gates.LateSave);

    private readonly Random _random;
    private readonly World _world;
    private readonly Dictionary<string, Server> _servers = Ids.ToDictionary(id => id, _ => new Server());
    private readonly Dictionary<int, (string Node, TimeSpan At)> _deaths = [];
    private int _runs;
    private bool _strikes;

    public GateStorm(int seed, Mutations mutation)
    {
        _random = new Random(seed);
        _world = new World(new MonitorOptions { MinNodes = 3, RetryPauseLimit = TimeSpan.FromSeconds(5) }, buckets: 3) { Mutations = mutation };
        foreach (var id in Ids)
        {
            GateComes(id);
            Runs(id);
        }
        _world.Settle();
        _world.BeforeWrite = _ =>
        {
            Look();
            if (_strikes || _random.Next(8) != 0)
                return true;
            _strikes = true;
            Strike();
            _strikes = false;
            return _random.Next(4) != 0;
        };
    }

    /// <summary>The first thing that went wrong; null: nothing did.</summary>
    public string? Breach { get; private set; }

    public void Run(int steps)
    {
        for (var i = 0; i < steps && Breach is null; i++)
        {
            Strike();
            Look();
            _world.Advance(_random.Next(3) == 0 ? 0 : _random.NextDouble() * 3);
            Look();
        }
    }

    /// <summary>Everything is mended: whether every bucket then gets a living owner (L1) and every move ends (L2).</summary>
    public bool ComesToRest()
    {
        _world.BeforeWrite = null;
        foreach (var id in Ids)
        {
            _world.Policy(id, new NodePolicy());
            GateComes(id);
            Runs(id);
        }
        _world.Put(_world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy()));
        _world.Advance(60);
        return _world.View.Moves.IsEmpty && _world.Owners.All(o => o is not null && _world.View.Report!.Nodes[o] == "live");
    }

    private void Strike()
    {
        var id = Ids[_random.Next(Ids.Length)];
        switch (_random.Next(14))
        {
            case 0 when IsUp(id) && IsSupervised(id):
                Dies(id);
                _world.Exits(id);
                break;
            case 1 or 2:
                GateComes(id);
                break;
            case 3 or 4:
                Runs(id);
                break;
            case 5 when _world.View.Gates.ContainsKey(id):
                if (IsSupervised(id))
                    Dies(id);
                _world.GateLost(id);
                break;
            case 6 when IsUp(id):
                // Somebody deletes it by mistake.
                _world.Delete(_world.Keys.Node(id));
                break;
            case 7:
                var draining = _world.View.NodePolicies.GetValueOrDefault(id) is { Draining: true };
                _world.Policy(id, new NodePolicy { Draining = !draining });
                break;
            case 8 when _world.View.Policy.Frozen:
                _world.Put(_world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [.. Ids] }));
                break;
            case 9 when !_strikes:
                _world.Lead("monitor-" + _random.Next());
                break;
            default:
                Report(id);
                break;
        }
    }

    /// <summary>The gate tells of the moves that take something from its node, as far as it likes.</summary>
    private void Report(string id)
    {
        if (!IsUp(id))
            return;
        var restarts = _world.View.Gates[id].Release == ReleaseMode.Restart && _random.Next(3) == 0;
        foreach (var move in _world.View.Moves.Values.Where(m => m.From == id && m.Phase != MovePhase.Settling))
        {
            _world.Silent(id, move.Bucket.Index);
            if (_world.View.Gates[id].Release == ReleaseMode.Call ? _random.Next(2) == 0 : restarts)
            {
                _servers[id].Holds.Remove(move.Bucket.Index);
                _world.Release(id, move.Bucket.Index);
            }
        }
        if (!restarts)
            return;
        // It has saved: nothing of it can land any more.
        _servers[id] = new Server();
        _world.Change(id, g => g with { Incarnation = null });
    }

    private static bool IsSupervised(string id) => id != Ids[2];

    private bool IsUp(string id) =>
        _servers[id].Run is { } run && _world.View.Gates.TryGetValue(id, out var gate) && gate.Incarnation == run && !gate.HasExited;

    private void GateComes(string id)
    {
        if (!_world.View.Gates.ContainsKey(id))
            _world.GateComes(id, id == Ids[1] ? ReleaseMode.Restart : ReleaseMode.Call, IsSupervised(id));
    }

    /// <summary>The server that runs is registered; where none runs, a new one is started.</summary>
    private void Runs(string id)
    {
        if (!_world.View.Gates.ContainsKey(id))
            return;
        var server = _servers[id];
        server.Run ??= "run-" + ++_runs;
        if (!IsUp(id) || !_world.View.Nodes.ContainsKey(id))
            _world.ServerRuns(id, server.Run);
    }

    private void Dies(string id)
    {
        foreach (var bucket in _servers[id].Holds)
            _deaths[bucket] = (id, _world.Now);
        _servers[id] = new Server();
    }

    /// <summary>Whatever a gate may open by what the store says, its server takes into memory. Nobody else may have it there.</summary>
    private void Look()
    {
        var view = _world.View;
        foreach (var (bucket, grant) in view.Assignments)
        {
            var id = grant.Owner;
            if (!IsUp(id) || view.Moves.ContainsKey(bucket) || _servers[id].Holds.Contains(bucket.Index))
                continue;
            var late = _deaths.TryGetValue(bucket.Index, out var death) && _world.Now < death.At + LateSave;
            // Its own gate waits for that by itself.
            if (late && death.Node == id)
                continue;
            if (late)
                Breach ??= $"{id} opens {bucket} while a save of the dead server of {death.Node} can still land";
            foreach (var other in Ids.Where(o => o != id && _servers[o].Holds.Contains(bucket.Index)))
                Breach ??= $"{id} opens {bucket} while {_servers[other].Run} of {other} has it in memory";
            _servers[id].Holds.Add(bucket.Index);
        }
    }

    private sealed class Server
    {
        public string? Run { get; set; }

        public HashSet<int> Holds { get; } = [];
    }
}
