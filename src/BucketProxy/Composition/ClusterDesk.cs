using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Orders;

namespace BucketProxy.Composition;

/// <summary>The monitor's orders and the leader's report, as the operators' port asks for them.</summary>
internal sealed class ClusterDesk(ClusterOrders orders, IViewSource views) : IClusterDesk
{
    public IReadOnlyList<AlarmReport> Alarms() =>
        views.Current?.Report is { } report
            ? [.. report.Alarms.Select(a => new AlarmReport(a.Kind, a.Subject, a.Message, a.WhatToDo))]
            : [];

    public IReadOnlyDictionary<string, string> Standings() =>
        views.Current?.Report is { } report ? report.Nodes : new Dictionary<string, string>(StringComparer.Ordinal);

    public Task<IReadOnlyList<MoveReport>> PastMovesAsync(int count, CancellationToken cancellationToken) =>
        OrderedAsync(async () =>
        {
            IReadOnlyList<AuditRecord> past = await orders.Audit.LastMovesAsync(count, null, cancellationToken);
            return (IReadOnlyList<MoveReport>)[.. past.Select(ToReport)];
        });

    public Task<IReadOnlyList<MoveReport>> MovesSinceAsync(DateTimeOffset since, int count, CancellationToken cancellationToken) =>
        OrderedAsync(async () =>
        {
            IReadOnlyList<AuditRecord> moves = await orders.Audit.MovesSinceAsync(since, count, cancellationToken);
            return (IReadOnlyList<MoveReport>)[.. moves.Select(ToReport)];
        });

    public Task<IReadOnlyList<AuditReport>> AuditAsync(int count, CancellationToken cancellationToken) =>
        OrderedAsync(async () =>
        {
            IReadOnlyList<AuditRecord> past = await orders.Audit.LastAsync(count, null, cancellationToken);
            return (IReadOnlyList<AuditReport>)[.. past.Select(r => new AuditReport(r.At, r.By, r.What, r.Subject, r.Why, r.Before, r.After))];
        });

    public Task<RebalanceReport> RebalanceAsync(bool dryRun, string? plan, string by, CancellationToken cancellationToken) =>
        OrderedAsync(async () => ToReport(await orders.RebalanceAsync(dryRun, plan, wait: false, by, cancellationToken)));

    public Task<RebalanceReport> WhenDoneAsync(RebalanceReport order, CancellationToken cancellationToken) =>
        OrderedAsync(async () => ToReport(await orders.WhenDoneAsync(ToPlan(order), cancellationToken)));

    public Task<string?> DrainAsync(string node, bool force, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.DrainAsync(node, force, by, cancellationToken));

    public Task<string?> PreviewDrainAsync(string node, bool force) =>
        OrderedAsync(() => Task.FromResult(orders.PreviewDrain(node, force)));

    public Task CordonAsync(string node, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.CordonAsync(node, by, cancellationToken));

    public Task UncordonAsync(string node, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.UncordonAsync(node, by, cancellationToken));

    public Task SetWeightAsync(string node, double weight, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.SetWeightAsync(node, weight, by, cancellationToken));

    public Task PinAsync(string pin, string node, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.PinAsync(pin, node, by, cancellationToken));

    public Task UnpinAsync(string pin, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.UnpinAsync(pin, by, cancellationToken));

    public Task FreezeAsync(string? reason, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.FreezeAsync(reason, by, cancellationToken));

    public Task UnfreezeAsync(string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.UnfreezeAsync(by, cancellationToken));

    public Task ForgetProxyAsync(string instance, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.ForgetProxyAsync(instance, by, cancellationToken));

    public Task NodeProcessGoneAsync(string node, string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.ProcessGoneAsync(node, by, cancellationToken));

    public Task AcceptStoreAsync(string by, CancellationToken cancellationToken) =>
        OrderedAsync(() => orders.AcceptStoreAsync(by, cancellationToken));

    private static Task<bool> OrderedAsync(Func<Task> order) => OrderedAsync(async () =>
    {
        await order();
        return true;
    });

    private static async Task<T> OrderedAsync<T>(Func<Task<T>> order)
    {
        try
        {
            return await order();
        }
        catch (OrderException e)
        {
            throw new OrderRefusedException(
                e.Error switch
                {
                    OrderError.NotFound => RefusalKind.NotFound,
                    OrderError.Invalid => RefusalKind.BadOrder,
                    OrderError.Refused => RefusalKind.Conflict,
                    OrderError.Changed => RefusalKind.Changed,
                    _ => RefusalKind.StoreAway,
                },
                e.Message, e);
        }
        catch (Cluster.Store.StoreException e)
        {
            throw new OrderRefusedException(RefusalKind.StoreAway, e.Message, e);
        }
    }

    private static RebalanceReport ToReport(RebalancePlan plan) => new()
    {
        Plan = plan.Id,
        Revision = plan.Revision,
        DryRun = plan.DryRun,
        Done = plan.Done,
        Moves = [.. plan.Moves.Select(m => new PlannedMove(m.Bucket, m.Base, m.From, m.To, Name(m.Reason)))],
        Refused = [.. plan.Refused.Select(r => new RefusedMove(r.Bucket, r.Base, r.To, r.Why))],
        Remarks = plan.Remarks,
        Outcome = plan.Outcome.Count > 0 ? [.. plan.Outcome.Select(ToReport)] : null,
    };

    private static RebalancePlan ToPlan(RebalanceReport report) => new()
    {
        Id = report.Plan,
        Revision = report.Revision,
        DryRun = report.DryRun,
        Done = report.Done,
        Moves = [.. report.Moves.Select(m => new PlannedMoveRecord(m.Bucket, m.Base, m.From, m.To, Enum.Parse<MoveReason>(m.Reason, ignoreCase: true)))],
        Refused = [.. report.Refused.Select(r => new RefusedMoveRecord(r.Bucket, r.Base, r.To ?? "", r.Why))],
        Remarks = [.. report.Remarks],
    };

    private static MoveReport ToReport(AuditRecord record) => new()
    {
        Bucket = record.Bucket ?? "",
        Base = record.Subject is { } subject && subject != record.Bucket ? subject : null,
        From = record.From,
        To = record.To,
        Reason = record.Reason is { } reason ? Name(reason) : null,
        Phase = record.What == AuditRecord.Move ? "done" : "aborted",
        At = record.At,
        By = record.By,
        Why = record.Why,
        Order = record.Order,
        Phases = record.Phases is { } p ? new PhaseReport(p.Quiesce, p.Release, p.Settle, p.Hold) : null,
    };

    private static string Name(MoveReason reason) => reason.ToString().ToLowerInvariant();
}
