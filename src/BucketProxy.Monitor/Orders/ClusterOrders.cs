using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Orders;

/// <summary>
/// Operators' orders. Any instance takes them, leader or not: an order is a wish written into the store together with its
/// audit record, and whoever leads carries it out.
/// </summary>
/// <remarks>Every method throws <see cref="OrderException"/> when the order is not taken. Giving an order again does no harm.</remarks>
public sealed class ClusterOrders
{
    private readonly KeySchema _keys;
    private readonly IViewSource _views;
    private readonly MonitorOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<CancellationToken, Task> _acceptStore;
    private readonly OrderWriter _writer;

    /// <summary>Makes the desk.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How keys are spelled.</param>
    /// <param name="views">The mirror of the store.</param>
    /// <param name="options">As every monitor of the cluster has them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="acceptStore">What makes the mirrors adopt the store as it is.</param>
    public ClusterOrders(
        IClusterStore store, KeySchema keys, IViewSource views, MonitorOptions options, TimeProvider time, Func<CancellationToken, Task> acceptStore)
    {
        ArgumentNullException.ThrowIfNull(options);
        _keys = keys;
        _views = views;
        _options = options;
        _time = time;
        _acceptStore = acceptStore;
        _writer = new OrderWriter(store, keys, views, time);
        Audit = new AuditLog(store, keys, options.AuditRetention, time);
    }

    /// <summary>What was ordered and moved.</summary>
    public AuditLog Audit { get; }

    /// <summary>Plans, and unless <paramref name="dryRun"/>, orders.</summary>
    /// <param name="dryRun">Plan only.</param>
    /// <param name="planId">Id of a previewed plan, to be ordered only if nothing changed since; null: whatever the plan is now.</param>
    /// <param name="wait">Answer when it is done, with what became of each move.</param>
    /// <param name="by">Who orders it.</param>
    /// <param name="cancellationToken">Gives up waiting; what was ordered stays ordered.</param>
    public async Task<RebalancePlan> RebalanceAsync(bool dryRun, string? planId, bool wait, string by, CancellationToken cancellationToken = default)
    {
        var view = View();
        if (!dryRun && view.Policy.Frozen)
            throw new OrderException(OrderError.Refused, $"The cluster is frozen: {view.Policy.FrozenReason ?? "no reason given"}. Lift the freeze first.");
        if (_options.IsStatic)
            throw new OrderException(OrderError.Refused, "Placement is static: buckets stand where the configuration says.");
        // Given again: the plan has changed by its own first moves, but it is the same order.
        if (!dryRun && planId is not null && view.Rebalance is { } known && known.Id == planId)
            return await AnswerAsync(ToPlan(known, view), wait, cancellationToken);

        var (order, refused) = Plan(view, by);
        if (planId is not null && planId != order.Id)
        {
            throw new OrderException(OrderError.Changed, $"Plan {planId} rests on what is no longer so; the plan is {order.Id} now. Preview it again.");
        }
        var plan = ToPlan(order, view) with { DryRun = dryRun, Refused = refused };
        if (dryRun || order.Pending.IsEmpty)
            return plan;
        await _writer.PutAsync(_keys.Rebalance, view.Rebalance?.ModRevision ?? 0, order, "rebalance", order.Id, by, cancellationToken);
        return await AnswerAsync(plan, wait, cancellationToken);
    }

    private async Task<RebalancePlan> AnswerAsync(RebalancePlan plan, bool wait, CancellationToken cancellationToken) =>
        wait ? await WhenDoneAsync(plan, cancellationToken) : plan;

    /// <summary>Completes when nothing of the plan is left to do, or another order has taken its place.</summary>
    public async Task<RebalancePlan> WhenDoneAsync(RebalancePlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.DryRun || plan.Moves.IsEmpty)
            return plan;
        var seen = false;
        while (true)
        {
            var view = _views.Current;
            if (view?.Rebalance is { } order && order.Id == plan.Id)
            {
                seen = true;
                if (order.Done)
                {
                    var outcome = await OrderWriter.AwayAsOrderErrorAsync(
                        () => Audit.LastMovesAsync(int.MaxValue, plan.Id, cancellationToken));
                    return plan with { Done = true, Refused = plan.Refused.AddRange(order.Refused), Outcome = outcome };
                }
            }
            else if (seen || view?.Rebalance?.Revision > plan.Revision)
            {
                throw new OrderException(OrderError.Changed, $"Another order took the place of {plan.Id}.");
            }
            await _views.ChangedSinceAsync(view, cancellationToken);
        }
    }

    /// <summary>Gives everything of a node away.</summary>
    /// <param name="node">The node.</param>
    /// <param name="force">Go on without silence or release where they cannot be had. What it then still holds in memory and has not
    /// saved is lost.</param>
    /// <param name="by">Who orders it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is to be known beforehand: that it is restarted for it, and how long that takes; null: nothing.</returns>
    public async Task<string?> DrainAsync(string node, bool force, string by, CancellationToken cancellationToken = default)
    {
        var remark = PreviewDrain(node, force);
        await ChangeNodeAsync(node, force ? "force-drain" : "drain", by, p => p with { Draining = true, ForceDrain = force }, cancellationToken);
        return remark;
    }

    /// <summary>What <see cref="DrainAsync"/> would say; nothing is ordered.</summary>
    public string? PreviewDrain(string node, bool force)
    {
        if (WhyKept(Known(node), pin: null) is { } kept && !force)
        {
            throw new OrderException(OrderError.Refused, kept + ". Give it a release mode that it supports, or stop it: then its buckets go to the others.");
        }
        return RestartRemarks.Of(View(), node).FirstOrDefault();
    }

    /// <summary>Takes a drain back. What has left stays where it is.</summary>
    public Task UndrainAsync(string node, string by, CancellationToken cancellationToken = default) =>
        ChangeNodeAsync(node, "undrain", by, p => p with { Draining = false, ForceDrain = false }, cancellationToken);

    /// <summary>Gives a node no further buckets.</summary>
    public Task CordonAsync(string node, string by, CancellationToken cancellationToken = default) =>
        ChangeNodeAsync(node, "cordon", by, p => p with { Cordoned = true }, cancellationToken);

    /// <summary>Takes a cordon back, and a drain with it.</summary>
    public Task UncordonAsync(string node, string by, CancellationToken cancellationToken = default) =>
        ChangeNodeAsync(node, "uncordon", by, p => p with { Cordoned = false, Draining = false, ForceDrain = false }, cancellationToken);

    /// <summary>Sets a node's share of the buckets, above 0 up to 100.</summary>
    public Task SetWeightAsync(string node, double weight, string by, CancellationToken cancellationToken = default)
    {
        if (weight is not (> 0 and <= 100))
            throw new OrderException(OrderError.Invalid, FormattableString.Invariant($"Weight {weight} is not allowed; above 0 up to 100 is."));
        return ChangeNodeAsync(node, "weight", by, p => p with { Weight = weight }, cancellationToken);
    }

    /// <summary>An operator's word that the process that a node had before is gone, where start_time cannot prove it.</summary>
    public Task ProcessGoneAsync(string node, string by, CancellationToken cancellationToken = default)
    {
        var view = View();
        if (view.Nodes.GetValueOrDefault(node)?.StartTime is { } running
            && view.Uncleans.Values.SelectMany(u => u.Processes).Where(p => p.NodeId == node).ToArray() is { Length: > 0 } lost
            && lost.All(p => p.StartTime == running))
        {
            throw new OrderException(OrderError.Refused,
                $"The process of {node} that lost buckets began at {running}, and that one is registered right now. Restart it first.");
        }
        return ChangeNodeAsync(node, "process-gone", by, p => p with { ProcessGone = "*" }, cancellationToken);
    }

    /// <summary>Wishes that a node own a base, or the bases whose UUID begins with 8 or more given digits.</summary>
    public Task PinAsync(string pin, string node, string by, CancellationToken cancellationToken = default)
    {
        var parsed = ParsePin(pin);
        Known(node);
        RefuseIfHeld(View(), parsed, node);
        return _writer.PutTextAsync(_keys.PinPolicy(parsed), node, "pin", parsed.ToString(), by, cancellationToken);
    }

    /// <summary>Takes a pin back: the base goes with its bucket again.</summary>
    public Task UnpinAsync(string pin, string by, CancellationToken cancellationToken = default)
    {
        var parsed = ParsePin(pin);
        var view = View();
        if (!view.PinPolicies.ContainsKey(parsed))
        {
            throw _options.Placement.Pins.Any(p => p.Pin == parsed)
                ? new OrderException(OrderError.Refused, $"Base {parsed} is pinned by the configuration. Change it there.")
                : new OrderException(OrderError.NotFound, $"Base {parsed} is not pinned.");
        }
        if (view.Assignments.GetValueOrDefault(parsed.Bucket) is { } around)
            RefuseIfHeld(view, parsed, around.Owner);
        return _writer.DeleteAsync([_keys.PinPolicy(parsed)], [], "unpin", parsed.ToString(), by, cancellationToken);
    }

    /// <summary>Nothing changes owner any more, until it is lifted.</summary>
    public Task FreezeAsync(string? reason, string by, CancellationToken cancellationToken = default) =>
        _writer.ChangeAsync<ClusterPolicy>(_keys.ClusterPolicy, "freeze", null, by, p => p with { Frozen = true, FrozenReason = reason ?? $"ordered by {by}" }, cancellationToken);

    /// <summary>Owners may change again. Whoever is gone now is taken to be lost: their buckets go to the others.</summary>
    public Task UnfreezeAsync(string by, CancellationToken cancellationToken = default)
    {
        var view = View();
        var gone = view.Assignments.Values.Concat(view.Pins.Values).Select(g => g.Owner)
            .Where(o => !view.Nodes.ContainsKey(o) || view.Gates.GetValueOrDefault(o) is { Supervised: true, HasExited: true }).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToImmutableArray();
        return _writer.ChangeAsync<ClusterPolicy>(_keys.ClusterPolicy, "unfreeze", null, by,
            p => p with { Frozen = false, FrozenReason = null, AcceptedLosses = gone }, cancellationToken);
    }

    /// <summary>An operator's word that a lost proxy is stopped and will send nothing more.</summary>
    public Task ForgetProxyAsync(string instance, string by, CancellationToken cancellationToken = default)
    {
        var view = View();
        if (!view.Proxies.ContainsKey(instance))
            throw new OrderException(OrderError.NotFound, $"There is no proxy {instance}.");
        if (view.Alive.Contains(instance))
            throw new OrderException(OrderError.Refused, $"Proxy {instance} is alive. Stop it; then it leaves by itself.");
        return _writer.DeleteAsync([_keys.Proxy(instance), _keys.Load(instance)], [Comparison.Absent(_keys.Alive(instance))],
            "forget-proxy", instance, by, cancellationToken);
    }

    /// <summary>An operator's word that the store as it is now is the right one.</summary>
    public async Task AcceptStoreAsync(string by, CancellationToken cancellationToken = default)
    {
        await OrderWriter.AwayAsOrderErrorAsync(async () =>
        {
            await _acceptStore(cancellationToken);
            return true;
        });
        await _writer.NoteAsync("accept-store", null, by, cancellationToken);
    }

    private (RebalanceOrder Order, ImmutableArray<RefusedMoveRecord> Refused) Plan(ClusterView view, string by)
    {
        var turn = new Turn(new ReconcileInput
        {
            View = view,
            State = MonitorState.Begin(0),
            Options = _options,
            LeaderRevision = 0,
            Now = TimeSpan.Zero,
            Keys = _keys,
        });
        Observation.Nodes(turn);
        // An order is a decision: load counts at once, without waiting whether it lasts.
        var limits = _options.PlannerLimits;
        var loads = LoadSampling.Take(view) is { } sample ? Enumerable.Repeat(sample, limits.LoadSamples).ToArray() : [];
        var plan = Planner.Plan(PlanView.Of(turn, PlanScope.Rebalance) with { Loads = loads });
        var refused = plan.Refused.Where(r => r.Reason is PlanReason.Balance or PlanReason.Load)
            .Select(r => new RefusedMoveRecord(r.Bucket.ToString(), r.Pin?.ToString(), r.To ?? "", r.Why)).ToImmutableArray();
        return (PlanRecords.OrderOf(plan, view, by, _time.GetUtcNow()), refused);
    }

    private static RebalancePlan ToPlan(RebalanceOrder order, ClusterView view) => new()
    {
        Id = order.Id,
        Revision = order.Revision,
        Moves = order.Pending,
        Done = order.Done,
        Remarks = RestartRemarks.Of(view, order.Pending.Select(m => m.From)),
    };

    private ClusterView View() => _views.Current
        ?? throw new OrderException(OrderError.StoreAway, "The store has not been read yet.");

    private string Known(string node)
    {
        var view = View();
        if (!view.Nodes.ContainsKey(node) && !view.NodePolicies.ContainsKey(node) && !view.KnownNodes.ContainsKey(node)
            && _options.Node(node) is null)
        {
            throw new OrderException(OrderError.NotFound, $"There is no node {node}.");
        }
        return node;
    }

    private string? WhyKept(string node, BasePrefix? pin)
    {
        var view = View();
        return ReleaseTerms.Of(
            node, view.NodePolicies.GetValueOrDefault(node), _options.Node(node), view.Nodes.GetValueOrDefault(node),
            view.KnownNodes.GetValueOrDefault(node), view.Gates.GetValueOrDefault(node)).WhyKept(pin);
    }

    /// <summary>A base whose holder cannot release it cannot go elsewhere.</summary>
    private void RefuseIfHeld(ClusterView view, BasePrefix pin, string node)
    {
        var holder = view.Pins.GetValueOrDefault(pin)?.Owner ?? view.Assignments.GetValueOrDefault(pin.Bucket)?.Owner;
        if (holder is not null && holder != node && WhyKept(holder, pin) is { } kept)
            throw new OrderException(OrderError.Refused, kept + ".");
    }

    private static BasePrefix ParsePin(string text) => BasePrefix.TryParse(text, out var pin)
        ? pin
        : throw new OrderException(OrderError.Invalid,
            $"'{text}' names no base; a UUID, or its first {BasePrefix.MinDigits} or more hex digits, does.");

    private Task ChangeNodeAsync(
        string node, string what, string by, Func<NodePolicy, NodePolicy> change, CancellationToken cancellationToken) =>
        _writer.ChangeAsync(_keys.NodePolicy(Known(node)), what, node, by, change, cancellationToken);
}
