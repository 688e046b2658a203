using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.Participation;

/// <summary>What the proxy sees when it decides.</summary>
public sealed record ProxyInput
{
    /// <summary>Its standing.</summary>
    public required ProxyState State { get; init; }

    /// <summary>The newest view of the store, or null before the first.</summary>
    public ClusterView? View { get; init; }

    /// <summary>The table that requests are routed by right now.</summary>
    public required RoutingTable Published { get; init; }

    /// <summary>For how long its lease lives for certain, counted from the sending of the last renewal; null: it has none, or
    /// the store said it is lost.</summary>
    public TimeSpan? LeaseRemaining { get; init; }

    /// <summary>How long before its lease could end a fencing proxy stops.</summary>
    public TimeSpan FenceMargin { get; init; }

    /// <summary>Earlier processes in its state directory, whose records may still stand.</summary>
    public IReadOnlyList<string> Predecessors { get; init; } = [];

    /// <summary>Whether nothing of this bucket (or of this pin of it) is in flight to the owner before the move.</summary>
    public required Func<Bucket, BasePrefix?, bool> IsSilent { get; init; }

    /// <summary>Guards taken out by a test.</summary>
    internal ProxyMutations Mutations { get; init; }

    internal bool Has(ProxyMutations mutation) => (Mutations & mutation) != 0;
}

/// <summary>What the proxy does next. The parts are carried out in the order of the properties.</summary>
public sealed record ProxyDecision
{
    /// <summary>Its standing from here on.</summary>
    public required ProxyState State { get; init; }

    /// <summary>Stop everything: publish a table without an open entry and close whatever is in flight.</summary>
    public bool Fence { get; init; }

    /// <summary>Put its own record and its <c>alive</c> key, under a new lease if it has none; the revision of that write
    /// becomes <see cref="ProxyState.RegisteredAt"/>, and <see cref="ProxyState.Lapsed"/> ends.</summary>
    public bool Register { get; init; }

    /// <summary>Publish the table that the view describes.</summary>
    public bool Publish { get; init; }

    /// <summary>Delete the records of its predecessors: nothing hangs on them any more.</summary>
    public bool ReleasePredecessors { get; init; }

    /// <summary>Write its record: the silence to report is not what the store has acknowledged.</summary>
    public bool Report { get; init; }
}

/// <summary>
/// A proxy's part in the cluster, as a pure function: <c>(standing, view, table, lease) → what to do</c>. The agent that
/// carries it out, the simulation and the exhaustive search all call this.
/// <code>
///   Joining ──registered, and a view from at or after that──► Serving ──record deleted by an operator──► Fenced
///      ▲                                                      │    ▲                                        │
///      └── start                 lease about to end (fence) ──┘    └── registered anew, and a view after ───┘
/// </code>
/// </summary>
public static class ProxyParticipant
{
    /// <summary>Decides. Calling it again with what it returned and nothing else changed asks for nothing more, except to
    /// publish a view that <see cref="ProxyInput.Published"/> is not yet of.</summary>
    public static ProxyDecision Decide(ProxyInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var state = input.State;
        var fence = false;

        // :: Step 1: an operator told the cluster to forget this proxy. Nobody waits for its silence any more.
        if (IsForgotten(state, input) && !input.Has(ProxyMutations.IgnoreForgotten))
        {
            fence = state.Phase == ProxyPhase.Serving;
            state = state with
            {
                Phase = ProxyPhase.Fenced,
                RegisteredAt = 0,
                KeepsPredecessors = false,
                Silent = state.Silent.Clear(),
                Reported = state.Reported.Clear(),
            };
        }

        // :: Step 2: a fencing proxy is counted as silent once its lease has ended, so it stops before that can be.
        if (state.OnStoreLoss == StoreLossMode.Fence && !LeaseIsSafe(input) && !input.Has(ProxyMutations.NeverFence))
        {
            fence |= state.Phase == ProxyPhase.Serving;
            if (state.Phase == ProxyPhase.Serving)
                state = state with { Phase = ProxyPhase.Fenced };
        }

        // :: Step 3: be known before reading, read before serving: a list of proxies that missed this one was read before
        // its record stood, so the move it was read for stands in every view from then on.
        if (state.RegisteredAt > 0 && input.LeaseRemaining is null && !input.Has(ProxyMutations.TrustNewLease))
            state = state with { Lapsed = true };
        var register = state.RegisteredAt == 0 || state.Lapsed || input.LeaseRemaining is null;
        var fresh = (!register && input.View is { } view && view.Revision >= state.RegisteredAt)
            || (input.Has(ProxyMutations.ServeBeforeKnown) && input.View is not null);
        if (state.Phase != ProxyPhase.Serving && fresh
            && (state.OnStoreLoss == StoreLossMode.Serve || LeaseIsSafe(input)))
        {
            state = state with { Phase = ProxyPhase.Serving };
        }

        // :: Step 4: silence, of moves that the published table already holds requests for.
        var silent = state.Phase == ProxyPhase.Serving && input.View is not null
            ? SilenceOf(state.Silent, input)
            : state.Silent;
        var report = !register && !silent.SequenceEqual(state.Reported);

        return new ProxyDecision
        {
            State = state with { Silent = silent },
            Fence = fence,
            Register = register,
            Publish = state.Phase == ProxyPhase.Serving && input.View is { } next && !IsOf(input.Published, next),
            Report = report,
            ReleasePredecessors = !register && state.KeepsPredecessors
                && (IsSucceeded(input, silent) || input.Has(ProxyMutations.DropPredecessors)),
        };
    }

    // S3: a list of proxies from before this one's registration names its predecessor instead. Moves that such a list was read for wait for nobody else,
    // so the predecessor goes only when the table in force holds every one of them back, and nothing of them is in flight by the table from disk.
    private static bool IsSucceeded(ProxyInput input, ImmutableSortedDictionary<string, long> silent) =>
        input.Published is { IsStale: false } table && table.Revision >= input.State.RegisteredAt && input.View is { } view
        && view.Moves.All(move => move.Value.CreateRevision > input.State.RegisteredAt
            || (silent.TryGetValue(move.Key.ToString(), out var told) && told == move.Value.CreateRevision));

    // A successor that serves from disk and is not known itself stands on its predecessors' records: without one, nobody waits for it either.
    private static bool IsForgotten(ProxyState state, ProxyInput input)
    {
        if (input.View is not { } view)
            return false;
        return state.RegisteredAt > 0
            ? view.Revision >= state.RegisteredAt && !view.Proxies.ContainsKey(state.Instance)
            : state is { Phase: ProxyPhase.Serving, KeepsPredecessors: true } && !input.Predecessors.Any(view.Proxies.ContainsKey);
    }

    private static bool LeaseIsSafe(ProxyInput input) =>
        input.LeaseRemaining is { } remaining && remaining > input.FenceMargin;

    private static bool IsOf(RoutingTable table, ClusterView view) =>
        table.ClusterId == view.ClusterId && table.Revision == view.Revision && !table.IsStale;

    private static ImmutableSortedDictionary<string, long> SilenceOf(
        ImmutableSortedDictionary<string, long> reported, ProxyInput input)
    {
        var silent = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var (bucket, move) in input.View!.Moves)
        {
            var name = bucket.ToString();
            if (reported.TryGetValue(name, out var told) && told == move.CreateRevision)
                silent[name] = told;
            // S2: only what the table in force holds back can stay silent; a view that is not published yet holds nothing.
            else if ((HoldsBack(input.Published, bucket, move) || input.Has(ProxyMutations.SilentBeforePublishing))
                && (input.IsSilent(bucket, move.Pin) || input.Has(ProxyMutations.SilentWhileInFlight)))
                silent[name] = move.CreateRevision;
        }
        return silent.ToImmutable();
    }

    private static bool HoldsBack(RoutingTable table, Bucket bucket, MoveRecord move)
    {
        var entry = move.Pin is { } pin
            ? table.Pins.FirstOrDefault(p => p.Pin == pin)
            : table[bucket];
        return entry is { State: EntryState.Moving } && entry.MoveRevision == move.CreateRevision;
    }
}
