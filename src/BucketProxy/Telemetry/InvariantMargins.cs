using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using BucketProxy.Admin;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Bases;

namespace BucketProxy.Telemetry;

/// <summary>
/// How near each invariant is to its limit, as far as one process can see that while it runs: 1 is all the room, 0 none, below it is
/// broken. Those that are looked at for a violation are 1, and 0 from the first one on until the process ends.
/// </summary>
/// <remarks>
/// S4, S5 and S9 cannot be seen from here: whether a request reached a node twice, a write was lost, or an old process came back is in
/// the nodes' journals, which the demonstration and the system test judge.
/// </remarks>
internal sealed class InvariantMargins(AdminContext context, InstanceParts parts, TimeProvider time)
{
    /// <summary>S8: with the store in reach a table is at most so old.</summary>
    private static readonly TimeSpan OldestTable = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private (ulong Cluster, string? Acceptance) _history;
    private ImmutableSortedDictionary<Bucket, Grant> _grants = ImmutableSortedDictionary<Bucket, Grant>.Empty;
    private bool _isOneGrantBroken;
    private bool _isSilenceBroken;

    /// <summary>How long the oldest move stands, by the leader's clock; zero: none does.</summary>
    public static TimeSpan OldestMove(ClusterView? view, TimeProvider time) => view is null || view.Moves.IsEmpty
        ? TimeSpan.Zero
        : Max(TimeSpan.Zero, time.GetUtcNow() - view.Moves.Values.Min(m => m.StartedAt));

    /// <summary>The margins of now.</summary>
    public IEnumerable<Measurement<double>> Read()
    {
        var settings = context.Settings;
        var margins = new List<Measurement<double>>();
        lock (_lock)
        {
            Add("S1", OneGrant());
            if (parts.Runs(Role.Proxy))
            {
                _isSilenceBroken |= parts.Agent?.BrokenSilence() is not null;
                Add("S2", _isSilenceBroken ? 0 : 1);
                Add("S3", settings.OnStoreLoss == StoreLossMode.Fence ? Fence(settings.Proxy) : 1);
                Add("L4", Left(parts.Host?.LongestHeld ?? TimeSpan.Zero, settings.Data.HoldTime));
            }
            if (parts.Runs(Role.Gate))
                Add("G1", Gate(settings.Gate));
            if (parts.Runs(Role.Monitor))
            {
                // Who does not lead decides nothing, and has nothing to lose.
                Add("S6", parts.Monitor is { IsLeading: true } monitor ? monitor.LeaseRemaining / (settings.Monitor.LeaderLease - settings.Monitor.LeaderMargin) : 1);
            }
            var mirror = context.Mirror();
            Add("S7", mirror.NotAdopted is null ? 1 : 0);
            Add("S8", mirror.Age is { } age ? Left(age, OldestTable) : 0);
            var move = settings.Monitor.QuiesceTimeout + settings.Monitor.ReleaseTimeout + settings.Monitor.SettleTime;
            Add("L2", Left(OldestMove(context.View, time), move));
            Add("C1", 1 - (context.View?.Moves.Count ?? 0) / (double)settings.Monitor.ParallelMoves);
        }
        return margins;

        void Add(string invariant, double margin) =>
            margins.Add(new Measurement<double>(Math.Min(1, margin), new KeyValuePair<string, object?>("invariant", invariant)));
    }

    private static double Left(TimeSpan spent, TimeSpan limit) => 1 - spent / limit;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    // Until it must stop everything. It is counted as silent when its lease is over, whether it is or not.
    private double Fence(ProxySettings proxy) =>
        parts.Agent?.LeaseRemaining is { } remaining ? (remaining - proxy.FenceMargin) / (proxy.Lease - proxy.FenceMargin) : 0;

    // Until it must stop letting requests through, so that its server can save before it is killed.
    private double Gate(GateSettings gate)
    {
        var margin = gate.Margin + (gate.Supervise && !gate.Command.IsEmpty ? gate.SaveTime : TimeSpan.Zero);
        return parts.Gate?.LeaseRemaining is { } remaining ? (remaining - margin) / (gate.LeaseTimeToLive - margin) : 0;
    }

    // Of one history of the store, no epoch falls, and another owner has another epoch.
    private double OneGrant()
    {
        var status = context.Mirror();
        // Both must be of one moment, or the grants of one history would be judged by those of another.
        if (context.View is not { } view || view.Revision != status.Revision || view.ClusterId != status.ClusterId)
            return _isOneGrantBroken ? 0 : 1;
        var history = (view.ClusterId, status.Acceptance);
        if (history == _history)
        {
            _isOneGrantBroken |= view.Assignments.Any(a => _grants.TryGetValue(a.Key, out var before)
                && (a.Value.Epoch < before.Epoch || (a.Value.Epoch == before.Epoch && a.Value.Owner != before.Owner)));
        }
        (_history, _grants) = (history, view.Assignments);
        return _isOneGrantBroken ? 0 : 1;
    }
}
