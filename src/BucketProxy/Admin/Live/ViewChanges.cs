using System.Globalization;
using BucketProxy.Admin.Reading;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Admin.Live;

/// <summary>What happened between two views. Pure. What did not change is the same object in both, so that most of it costs nothing.</summary>
internal static class ViewChanges
{
    public static IEnumerable<Happening> Between(ClusterView before, ClusterView after) =>
        ReferenceEquals(before, after) ? [] :
        [
            .. Orders(before, after),
            .. Freezes(before.Policy, after.Policy),
            .. Wishes(before, after),
            .. Leaders(before, after),
            .. Proxies(before, after),
            .. Owners(before, after),
            .. Aborts(before, after),
            .. Alarms(before.Report, after.Report),
        ];

    private static IEnumerable<Happening> Owners(ClusterView before, ClusterView after)
    {
        if (!ReferenceEquals(before.Assignments, after.Assignments))
        {
            foreach (var bucket in Bucket.All)
            {
                var (was, now) = (before.Assignments.GetValueOrDefault(bucket), after.Assignments.GetValueOrDefault(bucket));
                if (was?.Owner == now?.Owner)
                    continue;
                var move = MoveOf(before, after, bucket, null);
                yield return Happening.OwnerChange(bucket.ToString(), null, was?.Owner, now?.Owner, now?.Epoch, move);
            }
        }
        if (ReferenceEquals(before.Pins, after.Pins))
            yield break;
        foreach (var pin in before.Pins.Keys.Union(after.Pins.Keys))
        {
            var (was, now) = (before.Pins.GetValueOrDefault(pin), after.Pins.GetValueOrDefault(pin));
            if (was?.Owner != now?.Owner)
                yield return Happening.OwnerChange(pin.Bucket.ToString(), pin.ToString(), was?.Owner, now?.Owner, now?.Epoch, MoveOf(before, after, pin.Bucket, pin));
        }
    }

    private static string? MoveOf(ClusterView before, ClusterView after, Bucket bucket, BasePrefix? pin)
    {
        var move = after.Moves.GetValueOrDefault(bucket) ?? before.Moves.GetValueOrDefault(bucket);
        return move is not null && move.Pin == pin ? ClusterReports.RecordWord(move.Reason) : null;
    }

    private static IEnumerable<Happening> Aborts(ClusterView before, ClusterView after)
    {
        if (ReferenceEquals(before.Moves, after.Moves))
            yield break;
        foreach (var (bucket, move) in before.Moves)
        {
            // A move in settling has changed the owner; one that is gone, or another one, without that was given up.
            if (move.Phase == MovePhase.Settling || after.Moves.GetValueOrDefault(bucket)?.CreateRevision == move.CreateRevision)
                continue;
            var owner = move.Pin is { } pin ? after.Pins.GetValueOrDefault(pin)?.Owner : after.Assignments.GetValueOrDefault(bucket)?.Owner;
            if (owner != move.To)
                yield return Happening.MoveAborted(bucket.ToString(), move.Base, move.From, move.To, ClusterReports.RecordWord(move.Reason), null);
        }
    }

    private static IEnumerable<Happening> Alarms(MonitorReport? before, MonitorReport? after)
    {
        if (ReferenceEquals(before, after))
            yield break;
        var (was, now) = (before?.Alarms ?? [], after?.Alarms ?? []);
        foreach (var alarm in now.ExceptBy(was.Select(Name), Name))
            yield return new Happening("alarm", "bad", Subject(alarm), alarm.Message);
        foreach (var alarm in was.ExceptBy(now.Select(Name), Name))
            yield return new Happening("alarm", "good", Subject(alarm), $"Alarm over: {alarm.Kind}{(alarm.Subject.Length > 0 ? $" {alarm.Subject}" : "")}.");
    }

    // Its message may change while it lasts.
    private static (string, string) Name(AlarmRecord alarm) => (alarm.Kind, alarm.Subject);

    private static string? Subject(AlarmRecord alarm) => alarm.Subject.Length > 0 ? alarm.Subject : null;

    private static IEnumerable<Happening> Orders(ClusterView before, ClusterView after)
    {
        if (ReferenceEquals(before.Rebalance, after.Rebalance) || after.Rebalance is not { } order)
            yield break;
        var another = before.Rebalance?.Id != order.Id;
        if (another)
            yield return new Happening("order", "info", null, $"Rebalance ordered by {order.By ?? "the monitor"}: {Count(order.Pending.Length, "move")}.");
        if (order.Done && (another || before.Rebalance is { Done: false }))
        {
            yield return order.Refused.IsEmpty
                ? new Happening("order", "good", null, "Rebalance done.")
                : new Happening("order", "warning", null, $"Rebalance done, {Count(order.Refused.Length, "move")} given up: {order.Refused[0].Why}");
        }
    }

    private static IEnumerable<Happening> Freezes(ClusterPolicy before, ClusterPolicy after)
    {
        if (before.Frozen == after.Frozen)
            yield break;
        yield return after.Frozen
            ? new Happening("wish", "warning", null, $"Frozen: {after.FrozenReason ?? "no reason given"}.")
            : new Happening("wish", "good", null, "No longer frozen.");
    }

    private static IEnumerable<Happening> Wishes(ClusterView before, ClusterView after)
    {
        if (!ReferenceEquals(before.NodePolicies, after.NodePolicies))
        {
            foreach (var id in before.NodePolicies.Keys.Union(after.NodePolicies.Keys, StringComparer.Ordinal))
            {
                var (was, now) = (before.NodePolicies.GetValueOrDefault(id) ?? new(), after.NodePolicies.GetValueOrDefault(id) ?? new());
                if (was.Draining != now.Draining)
                    yield return new Happening("wish", "info", id, now.Draining ? $"{id} gives all its buckets away{(now.ForceDrain ? ", by force" : "")}." : $"{id} may get buckets again.");
                else if (was.Cordoned != now.Cordoned)
                    yield return new Happening("wish", "info", id, now.Cordoned ? $"{id} gets no further buckets." : $"{id} may get buckets again.");
                if (was.Weight != now.Weight && now.Weight is { } weight)
                    yield return new Happening("wish", "info", id, string.Create(CultureInfo.InvariantCulture, $"{id} has weight {weight}."));
            }
        }
        if (ReferenceEquals(before.PinPolicies, after.PinPolicies))
            yield break;
        foreach (var pin in before.PinPolicies.Keys.Union(after.PinPolicies.Keys))
        {
            var now = after.PinPolicies.GetValueOrDefault(pin);
            if (before.PinPolicies.GetValueOrDefault(pin) != now)
                yield return new Happening("wish", "info", pin.ToString(), now is null ? $"{pin} goes by its bucket again." : $"{pin} belongs on {now}.");
        }
    }

    private static IEnumerable<Happening> Leaders(ClusterView before, ClusterView after)
    {
        if (before.Leader?.CreateRevision == after.Leader?.CreateRevision)
            yield break;
        yield return after.Leader is { } leader
            ? new Happening("leader", "info", leader.Instance, $"{leader.Instance} leads.")
            : new Happening("leader", "bad", before.Leader?.Instance, "No monitor leads.");
    }

    private static IEnumerable<Happening> Proxies(ClusterView before, ClusterView after)
    {
        if (ReferenceEquals(before.Alive, after.Alive))
            yield break;
        foreach (var instance in after.Alive.Except(before.Alive))
            yield return new Happening("proxy", "good", instance, $"Proxy {instance} lives.");
        foreach (var instance in before.Alive.Except(after.Alive))
        {
            yield return after.Proxies.GetValueOrDefault(instance) is null or { Left: true }
                ? new Happening("proxy", "info", instance, $"Proxy {instance} left.")
                : new Happening("proxy", "bad", instance, $"Proxy {instance} is lost.");
        }
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
