using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;

namespace BucketProxy.Tests.Admin;

/// <summary>Writes down the orders it gets; answers or refuses as a test says.</summary>
internal sealed class RecordingDesk : IClusterDesk
{
    public List<string> Orders { get; } = [];

    public OrderRefusedException? Refusal { get; set; }

    public IReadOnlyList<AlarmReport> CurrentAlarms { get; set; } = [];

    public Dictionary<string, string> CurrentStandings { get; } = [];

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<AlarmReport> Alarms() => CurrentAlarms;

    public IReadOnlyDictionary<string, string> Standings() => CurrentStandings;

    public Task<IReadOnlyList<MoveReport>> PastMovesAsync(int count, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<MoveReport>>([new MoveReport { Bucket = "0f", Phase = "done", Phases = new PhaseReport(1, 2, 3, 6) }]);

    public Task<IReadOnlyList<AuditReport>> AuditAsync(int count, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<AuditReport>>(
        [.. Enumerable.Range(0, count).Select(_ => new AuditReport(DateTimeOffset.UnixEpoch, "somebody", "drain", "dtable-server-01", "maintenance", null, JsonSerializer.SerializeToElement(true)))]);

    public Task<IReadOnlyList<MoveReport>> MovesSinceAsync(DateTimeOffset since, int count, CancellationToken cancellationToken) =>
        Refusal is not null ? Task.FromException<IReadOnlyList<MoveReport>>(Refusal)
            : Task.FromResult<IReadOnlyList<MoveReport>>([.. MovesBefore.Where(m => m.At >= since).OrderByDescending(m => m.At).Take(count)]);

    /// <summary>What the audit records say.</summary>
    public List<MoveReport> MovesBefore { get; } = [];

    public async Task<RebalanceReport> RebalanceAsync(bool dryRun, string? plan, string by, CancellationToken cancellationToken)
    {
        await Take($"rebalance dry={dryRun} plan={plan}");
        return new RebalanceReport
        {
            Plan = plan ?? "p1",
            Revision = 7,
            DryRun = dryRun,
            Moves = [new PlannedMove("0f", null, "dtable-server-01", "dtable-server-02", "balance")],
        };
    }

    public async Task<RebalanceReport> WhenDoneAsync(RebalanceReport order, CancellationToken cancellationToken)
    {
        await Done.Task.WaitAsync(cancellationToken);
        return order with { Done = true, Outcome = await PastMovesAsync(1, cancellationToken) };
    }

    public async Task<string?> DrainAsync(string node, bool force, string by, CancellationToken cancellationToken)
    {
        await Take($"drain {node} force={force}");
        return Remark;
    }

    public Task<string?> PreviewDrainAsync(string node, bool force) => Refusal is null ? Task.FromResult(Remark) : Task.FromException<string?>(Refusal);

    /// <summary>What is to be known of a drain.</summary>
    public string? Remark { get; set; }

    public Task CordonAsync(string node, string by, CancellationToken cancellationToken) => Take($"cordon {node}");

    public Task UncordonAsync(string node, string by, CancellationToken cancellationToken) => Take($"uncordon {node}");

    public Task SetWeightAsync(string node, double weight, string by, CancellationToken cancellationToken) => Take($"weight {node} {weight}");

    public Task PinAsync(string pin, string node, string by, CancellationToken cancellationToken) => Take($"pin {pin} {node}");

    public Task UnpinAsync(string pin, string by, CancellationToken cancellationToken) => Take($"unpin {pin}");

    public Task FreezeAsync(string? reason, string by, CancellationToken cancellationToken) => Take($"freeze {reason}");

    public Task UnfreezeAsync(string by, CancellationToken cancellationToken) => Take("unfreeze");

    public Task ForgetProxyAsync(string instance, string by, CancellationToken cancellationToken) => Take($"forget {instance}");

    public Task NodeProcessGoneAsync(string node, string by, CancellationToken cancellationToken) => Take($"gone {node}");

    public Task AcceptStoreAsync(string by, CancellationToken cancellationToken) => Take("accept");

    private Task Take(string order)
    {
        if (Refusal is not null)
            return Task.FromException(Refusal);
        lock (Orders)
            Orders.Add(order);
        return Task.CompletedTask;
    }
}
