using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Admin.Reading;

/// <summary>What a view and a table say, as the API answers it. Pure.</summary>
internal static class ClusterReports
{
    private const int HottestShown = 20;

    public static TableReport Table(RoutingTable table) => new(
        table.Revision, table.IsStale, Count(table, EntryState.Open), Count(table, EntryState.Moving), Count(table, EntryState.Unassigned), table.Pins.Count);

    private static int Count(RoutingTable table, EntryState state) => table.Buckets.Count(b => b.State == state);

    public static StoreReport Store(string description, MirrorStatus status) => new(
        description, status.Connected, status.ClusterId.ToString("x", System.Globalization.CultureInfo.InvariantCulture), status.Revision,
        status.Age?.TotalSeconds, status.WatchRestarts, status.NotAdopted, status.LastError);

    /// <summary>The proxies; null: unknown.</summary>
    public static IReadOnlyList<ProxyReport>? Proxies(ClusterView? view) => view is null ? null :
    [
        .. view.Proxies.Select(p => new ProxyReport(
            p.Key, p.Value.Address, p.Value.Version, p.Value.OnStoreLoss, view.Alive.Contains(p.Key), p.Value.Left, p.Value.Busy)),
    ];

    public static OrderReport? Order(ClusterView? view) => view?.Rebalance is { } order
        ? new OrderReport(order.Id, order.By, order.At, order.Pending.Length, order.Done)
        : null;

    /// <summary>The hottest bases over all proxies.</summary>
    public static IReadOnlyList<BaseLoad> Hottest(ClusterView? view) => view is null ? [] :
    [
        .. view.Loads.Values.SelectMany(l => l.Hottest)
            .GroupBy(b => b.Base, StringComparer.Ordinal)
            .Select(g => new BaseLoad(g.Key, g.Sum(b => b.Rate)))
            .OrderByDescending(b => b.Rate).ThenBy(b => b.Base, StringComparer.Ordinal)
            .Take(HottestShown),
    ];

    /// <summary>The load of each bucket over all proxies.</summary>
    public static BucketLoad[] Loads(ClusterView? view)
    {
        var loads = new BucketLoad[Bucket.Count];
        Array.Fill(loads, new BucketLoad(0, 0, 0));
        foreach (var (name, load) in view?.Loads.Values.SelectMany(l => l.Buckets) ?? [])
        {
            if (!Bucket.TryParse(name, out var bucket))
                continue;
            var sum = loads[bucket.Index];
            loads[bucket.Index] = new BucketLoad(sum.Rate + load.Rate, sum.Bytes + load.Bytes, sum.Sockets + load.Sockets);
        }
        return loads;
    }

    public static IReadOnlyList<BucketReport> Buckets(RoutingTable table, ClusterView? view)
    {
        var loads = Loads(view);
        return
        [
            .. table.Buckets.Select(e => new BucketReport(
                e.Bucket.ToString(), e.Owner?.Id ?? OwnerOf(view, e.Bucket), e.Epoch, Words.Of(e.State), loads[e.Bucket.Index].Rate, loads[e.Bucket.Index].Sockets)),
        ];
    }

    // An owner whose address nobody knows is in the view, not in the table.
    private static string? OwnerOf(ClusterView? view, Bucket bucket) => view?.Assignments.GetValueOrDefault(bucket)?.Owner;

    public static IReadOnlyList<PinReport> Pins(RoutingTable table) =>
        [.. table.Pins.Select(e => new PinReport(e.Pin!.Value.ToString(), e.Owner?.Id, e.Epoch, Words.Of(e.State)))];

    public static BaseReport Base(RoutingTable table, BaseId id)
    {
        var entry = table.Find(id);
        return new BaseReport(
            id.ToString(), id.Bucket.ToString(), entry.Owner?.Id, entry.Epoch, Words.Of(entry.State), entry.Pin?.ToString(), entry.Owner?.LocalUrlText);
    }

    public static IReadOnlyList<MoveReport> Standing(ClusterView? view) => view is null ? [] :
    [
        .. view.Moves.Values.Select(m => new MoveReport
        {
            Bucket = m.Bucket.ToString(),
            Base = m.Base,
            From = m.From,
            To = m.To,
            Reason = RecordWord(m.Reason),
            Phase = RecordWord(m.Phase),
            Forced = m.Forced,
            At = m.StartedAt,
            Order = m.Order,
            Why = Waiting(view, m),
        }),
    ];

    private static string? Waiting(ClusterView view, MoveRecord move)
    {
        if (move.Phase != MovePhase.Quiesce)
            return null;
        var bucket = move.Bucket.ToString();
        // G3: off a node behind a gate it waits for that gate alone.
        if (move.From is { } from && view.Nodes.GetValueOrDefault(from) is { Gate: not GateKind.None })
            return GateWaits(view.Gates.GetValueOrDefault(from), from, bucket, move.CreateRevision);
        var busy = view.Proxies.Where(p => p.Value.Silent.GetValueOrDefault(bucket) != move.CreateRevision).Select(p =>
            p.Value.Busy.TryGetValue(bucket, out var with) ? $"{p.Key} is busy with {with}" : $"{p.Key} is not silent yet");
        return string.Join("; ", busy) is { Length: > 0 } waits ? waits : null;
    }

    private static string? GateWaits(GateRecord? gate, string node, string bucket, long move) => gate switch
    {
        null => $"the gate of {node} is not there",
        _ when gate.Released.GetValueOrDefault(bucket) == move => null,
        _ when gate.Busy.TryGetValue(bucket, out var with) => $"the gate of {node} is busy with {with}",
        _ when gate.Silent.GetValueOrDefault(bucket) == move => $"{node} has not released it yet",
        _ => $"the gate of {node} is not silent yet",
    };

    /// <summary>The word by which a value stands in the store.</summary>
    public static string RecordWord<T>(T value) where T : struct, Enum =>
        System.Text.Json.JsonSerializer.Serialize(value, RecordJson.Options).Trim('"');
}
