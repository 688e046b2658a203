using System.Collections.Concurrent;
using BucketProxy.Gateway.Gating;
using BucketProxy.Gateway.Participation;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Simulation;

/// <summary>Guards of what the simulation makes itself: they stand for the gateway's and the mirror's, which are not pure. Taking one out shows that its
/// invariant is looked at; the product's own guard has its own tests.</summary>
[Flags]
internal enum WorldMutations
{
    None = 0,

    /// <summary>S4: a request is sent again although its connection died when it had come to the server.</summary>
    SendAgain = 1 << 0,

    /// <summary>S7: an older view takes the place of a newer one.</summary>
    ShowOlder = 1 << 1,

    /// <summary>S8: nobody finds out that a watch is silently dead.</summary>
    NeverReread = 1 << 2,

    /// <summary>G1: an admitted request goes by the entry that was found at first; the table is not read again once it is counted in.</summary>
    AdmitWithoutRereading = 1 << 3,

    /// <summary>G2: a request goes to whichever run of the server is there.</summary>
    UnboundConnection = 1 << 4,

    /// <summary>G4: the lease counts from the answer to its renewal, not from when that was sent.</summary>
    DeadlineFromAnswer = 1 << 5,

    /// <summary>G5: only the gate itself kills its server at the deadline.</summary>
    NoFuse = 1 << 6,

    /// <summary>G5: the fuse is a part of the gate: the server lives on when that dies.</summary>
    OrphanServer = 1 << 7,

    /// <summary>G6: the table that opens the gate is made of a view from before the gate decided so.</summary>
    OwnAfterView = 1 << 8,

    /// <summary>G8: a gate's write that was given up may be applied behind a later one.</summary>
    WriteBehindOwn = 1 << 9,
}

/// <summary>A guard that is taken out, and the invariants whose breach shows it.</summary>
internal sealed record Mutation(
    string Name, Mutations Monitor, ProxyMutations Proxy, WorldMutations World = WorldMutations.None, GateMutations Gate = GateMutations.None)
{
    public static Mutation None { get; } = new("None", Mutations.None, ProxyMutations.None);

    /// <summary>Whether a search has the steps that it needs.</summary>
    public bool IsSearched => IsSafety && BackedBy is null && (IsGated ? GateSearches.Of(this) is not null : World == WorldMutations.None);

    /// <summary>It is a guard of gates: only runs with gates, and searches with gates, can show it.</summary>
    public bool IsGated => Gate != GateMutations.None || World >= WorldMutations.AdmitWithoutRereading || Monitor >= Mutations.GrantWithoutReleased;

    /// <summary>False: it lets nothing wrong happen, it only keeps something from ever happening.</summary>
    public bool IsSafety => Monitor is not (Mutations.IgnoreOrphans or Mutations.NeverAbort);

    /// <summary>Nothing goes wrong without it alone: which guards stand behind it. Null: something does.</summary>
    public string? BackedBy => (Monitor, Gate) switch
    {
        (Mutations.GrantBlindlyAfterLoss, _) => "G6: the next run reads the move before it admits anything; the move begins only while the loss stands",
        (_, GateMutations.AdmitWithoutLease) => "G5: at the deadline the server is dead, whoever admits; G2: what was admitted to it goes to no other",
        (_, GateMutations.NeverKill) => "G4: its time to save is over at the same moment, and then it is killed; G5: so does the fuse",
        (_, GateMutations.RegisterWhileRunning) => "G4, G5: when the key of before has gone, its run is dead",
        _ => null,
    };

    /// <summary>All there are.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
    [
        // No node here is registered by a monitor.
        .. Enum.GetValues<Mutations>().Where(m => m is not (Mutations.None or Mutations.RegisterGated)).Select(m => new Mutation(m.ToString(), m, ProxyMutations.None)),
        .. Enum.GetValues<WorldMutations>().Where(m => m != WorldMutations.None).Select(m => new Mutation(m.ToString(), Mutations.None, ProxyMutations.None, m)),
        .. Enum.GetValues<ProxyMutations>().Where(m => m != ProxyMutations.None).Select(m => new Mutation(m.ToString(), Mutations.None, m)),
        .. Enum.GetValues<GateMutations>().Where(m => m != GateMutations.None).Select(m => new Mutation("Gate." + m, Mutations.None, ProxyMutations.None, Gate: m)),
    ];
}

/// <summary>What many runs came to.</summary>
internal sealed record RunsResult(int Seeds, long Grants, long Requests, long Excused, long Messages, IReadOnlyList<RunResult> Violations);

/// <summary>Many seeds, on all cores; each run is single-threaded and depends on its seed alone.</summary>
internal static class Runs
{
    /// <param name="from">The first seed.</param>
    /// <param name="count">How many, at most.</param>
    /// <param name="mutation">The guard that is taken out.</param>
    /// <param name="stopAtFirst">Begin no other once one has failed.</param>
    /// <param name="isOver">Begin no other once this says so. Seeds are taken one by one, so those that ran have no gap.</param>
    /// <param name="gated">With gates; null: each seed once without and once with.</param>
    public static RunsResult Many(int from, int count, Mutation mutation, bool stopAtFirst, Func<bool>? isOver = null, bool? gated = null)
    {
        var violations = new ConcurrentBag<RunResult>();
        long grants = 0, requests = 0, excused = 0, messages = 0;
        int taken = 0, seeds = 0;
        Parallel.For(0, Environment.ProcessorCount, _ =>
        {
            while (!(stopAtFirst && !violations.IsEmpty) && isOver?.Invoke() != true && Interlocked.Increment(ref taken) is var next && next <= count)
            {
                Interlocked.Increment(ref seeds);
                foreach (var isGated in new[] { false, true }.Where(g => gated is null || g == gated))
                    Count(new Simulator(from + next - 1, mutation, gated: isGated).Run());
            }
        });
        return new RunsResult(seeds, grants, requests, excused, messages, [.. violations.OrderBy(v => v.Seed)]);

        void Count(RunResult result)
        {
            Interlocked.Add(ref grants, result.Grants);
            Interlocked.Add(ref requests, result.Requests);
            Interlocked.Add(ref excused, result.Excused);
            Interlocked.Add(ref messages, result.Messages);
            if (result.Violation is not null)
                violations.Add(result);
        }
    }
}
