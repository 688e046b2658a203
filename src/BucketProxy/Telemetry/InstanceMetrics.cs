using System.Diagnostics.Metrics;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Routing;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Telemetry;

/// <summary>
/// Figures of one instance as a whole: its table, its view of the store, what the leader says of the cluster. All are read when
/// somebody collects. Figures of the cluster are the same at every instance; take the greatest.
/// </summary>
/// <remarks>
/// The SDK goes on with the last figure of a series that is not given any more. So every series is given every time: also the nodes that
/// are gone, and the leases that are none, with what is true of them.
/// </remarks>
internal sealed class InstanceMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BucketProxy";

    private static readonly string[] Standings = ["live", "missing", "suspect", "dead"];

    private static readonly string[] AlarmKinds =
        [.. Enum.GetValues<AlarmKind>().Select(k => new Alarm(k, "", "", "").KindName)];

    private readonly Meter _meter;
    private readonly AdminContext _context;
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly Lock _lock = new();
    private readonly SortedSet<string> _nodes = new(StringComparer.Ordinal);

    private InstanceMetrics(InstanceTelemetry telemetry, AdminContext context, InstanceParts parts, TimeProvider time)
    {
        _meter = telemetry.Meters.Create(MeterName, AdminContext.Version);
        _context = context;
        _time = time;
        _startedAt = time.GetTimestamp();

        Level("bucketproxy.ready", "", "1 while this instance is ready for requests, else 0.", () => context.Health().Ready);
        Level("bucketproxy.table.revision", "{revision}", "The store's revision that the routing table is of.", () => context.Table().Revision);
        Level("bucketproxy.table.age", "s", "Since the store last confirmed what the table is made of; before it ever did, since the start.", TableAge);
        Level("bucketproxy.table.stale", "", "1 while the table is one from disk that the store has not confirmed, else 0.", () => context.Table().IsStale);
        Level("bucketproxy.buckets", "{bucket}", "Buckets by state.", Buckets);
        Level("bucketproxy.node.buckets", "{bucket}", "Buckets that a node owns.", BucketsByNode);
        Level("bucketproxy.nodes", "{node}", "Nodes by standing, as the leader says.", Nodes);
        Level("bucketproxy.proxies", "{proxy}", "Proxies that the cluster counts with; a lost one that serves on keeps moves from starting.", Proxies);

        Level("bucketproxy.store.connected", "", "1 while the store is followed, else 0.", () => context.Mirror().Connected);
        Level("bucketproxy.store.adopted", "", "0 while the store as it is now is not believed, else 1.", () => context.Mirror().NotAdopted is null);
        Count("bucketproxy.store.watch.restarts", "{watch}", "Watches of the store opened after the first.", () => context.Mirror().WatchRestarts);
        Count("bucketproxy.store.watch.wedged", "{watch}", "Watches closed because they did not tell what a read found.", () => context.Mirror().WedgedWatches);

        Level("bucketproxy.lease.remaining", "s", "For how long the lease is certain to live; 0: there is none.", () => Leases(parts));
        Level("bucketproxy.gate.open", "", "1 while a gate lets requests through to its server, else 0.", () => Gate(parts, () => parts.Gate is { IsOpen: true } ? 1L : 0L));
        Count("bucketproxy.gate.runs.started", "{run}", "Runs of its server that a gate started.", () => Gate(parts, () => parts.Gate?.Runs.Started ?? 0));
        Count("bucketproxy.gate.runs.ended", "{run}", "Those that ended: saved, when they were told to; lost, by a crash or a kill.", () => Ended(parts));
        Level("bucketproxy.leading", "", "1 while the monitor of this instance leads, else 0.", () => parts.Monitor is { IsLeading: true });
        Level("bucketproxy.frozen", "", "1 while nothing may change owner, else 0.", () => context.View?.Policy.Frozen ?? false);
        Level("bucketproxy.moves.standing", "{move}", "Moves that stand, by phase.", Moves);
        Level("bucketproxy.moves.age", "s", "How long the oldest move stands, by the leader's clock; 0: none does.", () => InvariantMargins.OldestMove(context.View, time).TotalSeconds);
        Level("bucketproxy.alarms", "{alarm}", "What is wrong, as the leader says, by kind.", Alarms);
        // Prometheus' names end in their unit, and "1" would say nothing.
        Level("bucketproxy.planner.imbalance", "ratio", "The busiest node by the mean, by weight: 1 is even.", Imbalance);
        var margins = new InvariantMargins(context, parts, time);
        Level("bucketproxy.invariant.margin", "ratio", "What is left of the room that an invariant has: 1 all, 0 nothing, less: broken.", margins.Read);
        Count("bucketproxy.otlp.failures", "{request}", "Sendings that the collector did not take.", () => telemetry.Otlp.Select(o => Of(o.Failures, "signal", o.Signal)));
    }

    /// <summary>Makes the instruments; they live as long as the meters of <paramref name="telemetry"/>.</summary>
    /// <param name="telemetry">Where the figures go, and whether they arrive.</param>
    /// <param name="context">What the instance sees.</param>
    /// <param name="parts">Its proxy and monitor, as far as they run.</param>
    /// <param name="time">The clock.</param>
    public static void Make(InstanceTelemetry telemetry, AdminContext context, InstanceParts parts, TimeProvider time) =>
        _ = new InstanceMetrics(telemetry, context, parts, time);

    private void Level(string name, string unit, string meaning, Func<bool> observe) =>
        _meter.CreateObservableGauge(name, () => observe() ? 1L : 0L, unit, meaning);

    private void Level(string name, string unit, string meaning, Func<long> observe) => _meter.CreateObservableGauge(name, observe, unit, meaning);

    private void Level(string name, string unit, string meaning, Func<double> observe) => _meter.CreateObservableGauge(name, observe, unit, meaning);

    private void Level<T>(string name, string unit, string meaning, Func<IEnumerable<Measurement<T>>> observe) where T : struct =>
        _meter.CreateObservableGauge(name, observe, unit, meaning);

    private void Count(string name, string unit, string meaning, Func<long> observe) => _meter.CreateObservableCounter(name, observe, unit, meaning);

    private void Count(string name, string unit, string meaning, Func<IEnumerable<Measurement<long>>> observe) =>
        _meter.CreateObservableCounter(name, observe, unit, meaning);

    private static Measurement<T> Of<T>(T value, string label, string name) where T : struct => new(value, new KeyValuePair<string, object?>(label, name));

    private double TableAge() => (_context.Mirror().Age ?? _time.GetElapsedTime(_startedAt)).TotalSeconds;

    private IEnumerable<Measurement<long>> Buckets()
    {
        var table = _context.Table();
        return Enum.GetValues<EntryState>().Select(s => Of((long)table.Buckets.Count(b => b.State == s), "state", Words.Of(s)));
    }

    private IReadOnlyList<NodeReport> NodesNow()
    {
        var now = NodeReports.Of(_context.View, _context.Settings.Nodes, _context.Desk.Standings());
        lock (_lock)
            _nodes.UnionWith(now.Select(n => n.Id));
        return now;
    }

    private IReadOnlyList<Measurement<long>> BucketsByNode()
    {
        var now = NodesNow().ToDictionary(n => n.Id, n => (long)n.Buckets, StringComparer.Ordinal);
        lock (_lock)
            return [.. _nodes.Select(id => Of(now.GetValueOrDefault(id), "node", id))];
    }

    private IEnumerable<Measurement<long>> Nodes()
    {
        var now = NodesNow();
        return Standings.Select(s => Of((long)now.Count(n => n.Standing == s), "standing", s));
    }

    private IEnumerable<Measurement<long>> Proxies()
    {
        var view = _context.View;
        var proxies = view?.Proxies.Where(p => !p.Value.Left).Select(p => p.Key).ToArray() ?? [];
        var alive = proxies.Count(p => view!.Alive.Contains(p));
        return [Of((long)alive, "state", "alive"), Of((long)proxies.Length - alive, "state", "lost")];
    }

    private static IEnumerable<Measurement<double>> Leases(InstanceParts parts)
    {
        if (parts.Runs(Role.Proxy))
            yield return Of(Math.Max(0, parts.Agent?.LeaseRemaining?.TotalSeconds ?? 0), "lease", "proxy");
        if (parts.Runs(Role.Monitor))
            yield return Of(Math.Max(0, parts.Monitor?.LeaseRemaining.TotalSeconds ?? 0), "lease", "leader");
        if (parts.Runs(Role.Gate))
            yield return Of(Math.Max(0, parts.Gate?.LeaseRemaining?.TotalSeconds ?? 0), "lease", "gate");
    }

    private static IEnumerable<Measurement<long>> Gate(InstanceParts parts, Func<long> observe) => parts.Runs(Role.Gate) ? [new Measurement<long>(observe())] : [];

    private static IEnumerable<Measurement<long>> Ended(InstanceParts parts)
    {
        if (!parts.Runs(Role.Gate))
            yield break;
        var runs = parts.Gate?.Runs ?? default;
        yield return Of(runs.Saved, "end", "saved");
        yield return Of(runs.Lost, "end", "lost");
    }

    private IEnumerable<Measurement<long>> Moves()
    {
        var moves = _context.View?.Moves.Values.ToArray() ?? [];
        return Enum.GetValues<MovePhase>().Select(p => Of((long)moves.Count(m => m.Phase == p), "phase", ClusterReports.RecordWord(p)));
    }

    private IEnumerable<Measurement<long>> Alarms()
    {
        var now = _context.Alarms().GroupBy(a => a.Kind, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (long)g.Count(), StringComparer.Ordinal);
        return AlarmKinds.Select(k => Of(now.GetValueOrDefault(k), "kind", k));
    }

    private IEnumerable<Measurement<double>> Imbalance()
    {
        var takers = NodesNow().Where(n => n is { Standing: "live", Draining: false, Weight: > 0 }).ToArray();
        return [Of(Uneven(n => n.Buckets), "of", "buckets"), Of(Uneven(n => n.Rate), "of", "load")];

        double Uneven(Func<NodeReport, double> share)
        {
            var (sum, weight) = (takers.Sum(share), takers.Sum(n => n.Weight));
            return sum > 0 ? takers.Max(n => share(n) / n.Weight) / (sum / weight) : 1;
        }
    }
}
