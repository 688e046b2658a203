using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Simulation;

/// <summary>The searches with gates: two nodes, each behind one, a bucket with one base, one monitor that leads and one that stands by. Clients come to
/// the gates, in one search to a proxy. All others than gate 0 do at once whatever they have to do.</summary>
internal static class GateSearches
{
    public static IReadOnlyList<Bounds> All { get; } =
    [
        new Bounds { Name = "gates: a move, the server is asked", Gated = true, Start = Situation.OrderedWhileHeld, Requests = 2 },
        new Bounds { Name = "gates: a move, a proxy sends", Gated = true, Start = Situation.OrderedWhileHeld, Requests = 1, Proxied = true },
        new Bounds { Name = "gates: a move, the server is restarted", Gated = true, Start = Situation.OrderedWhileHeld, Mode = ReleaseMode.Restart, Requests = 2 },
        new Bounds { Name = "gates: a move that may be aborted, and another", Gated = true, Start = Situation.OrderedWhileHeld, Requests = 1, Ticks = 2, Orders = 1 },
        new Bounds { Name = "gates: a server dies", Gated = true, Start = Situation.Held, Requests = 1, Exits = 1, Ticks = 2 },
        new Bounds { Name = "gates: a server dies, and the next is quick", Gated = true, Start = Situation.Rest, Exits = 1, Ticks = 1 },
        new Bounds { Name = "gates: a server dies, an answer is lost", Gated = true, Start = Situation.Rest, Exits = 1, LostAnswers = 1, Ticks = 1 },
        new Bounds { Name = "gates: a server dies in a move", Gated = true, Start = Situation.OrderedWhileHeld, Exits = 1, Requests = 1 },
        new Bounds { Name = "gates: a lease ends", Gated = true, Start = Situation.Held, Ticks = 5, Requests = 1 },
        new Bounds { Name = "gates: the answer to a renewal is late", Gated = true, Start = Situation.Held, Ticks = 4, Renewals = 1 },
        new Bounds { Name = "gates: a gate dies", Gated = true, Start = Situation.Held, Ticks = 5, GateDeaths = 1 },
        new Bounds { Name = "gates: another gate of the node starts", Gated = true, Start = Situation.Held, Ticks = 1, SecondGates = 1, Requests = 1 },
        new Bounds { Name = "gates: a registration is deleted", Gated = true, Start = Situation.Held, Deletions = 1, Requests = 1, Ticks = 1 },
        new Bounds { Name = "gates: a move, the leader is deposed", Gated = true, Start = Situation.OrderedWhileHeld, LeaderLosses = 1, Requests = 1 },
        new Bounds { Name = "gates: a release is told late, and the move was given up", Gated = true, Start = Situation.ReleaseUnderWay, Requests = 1, Ticks = 2 },
        new Bounds { Name = "gates: the lease of one that does not supervise ends", Gated = true, Unsupervised = true, Start = Situation.Held, Requests = 1, Ticks = 5 },
        new Bounds { Name = "gates: one that does not supervise dies and starts again", Gated = true, Unsupervised = true, Start = Situation.Held, Ticks = 2, Seconds = 2, GateDeaths = 1, GateStarts = 1 },
        new Bounds { Name = "gates: a gate began anew, its server is forked late", Gated = true, LateForks = true, Start = Situation.BeganAnew, NewNodes = 1, Requests = 1, Ticks = 1, Seconds = 4 },
        new Bounds { Name = "gates: a server dies, and its gate's table comes late", Gated = true, Stalls = true, Start = Situation.Died, Ticks = 1, Requests = 1 },
    ];

    public static string? Of(Mutation mutation) => (mutation.Monitor, mutation.World, mutation.Gate) switch
    {
        (Mutations.GrantWithoutReleased, _, _) => "gates: a move, the server is asked",
        (Mutations.OpenWithoutLateSave, _, _) => "gates: a server dies",
        (Mutations.OldReleaseCounts, _, _) => "gates: a release is told late, and the move was given up",
        (Mutations.UnsupervisedIsSupervised, _, _) => "gates: the lease of one that does not supervise ends",
        (_, WorldMutations.DeadlineFromAnswer, _) => "gates: the answer to a renewal is late",
        (_, WorldMutations.OwnAfterView, _) => "gates: a server dies, and its gate's table comes late",
        (_, _, GateMutations.StartWithoutLease) => "gates: a gate began anew, its server is forked late",
        (Mutations.UnregisteredIsDead, _, _) => "gates: a registration is deleted",
        (_, WorldMutations.AdmitWithoutRereading, _) => "gates: a move, the server is asked",
        (_, WorldMutations.UnboundConnection, _) => "gates: a server dies",
        (_, WorldMutations.NoFuse, _) => "gates: a lease ends",
        (_, WorldMutations.OrphanServer, _) => "gates: a gate dies",
        (_, WorldMutations.WriteBehindOwn, _) => "gates: a server dies, an answer is lost",
        (_, _, GateMutations.ReleaseWhileInFlight) => "gates: a move, the server is asked",
        (_, _, GateMutations.ReleaseWithoutServer) => "gates: a move, the server is asked",
        (_, _, GateMutations.AdmitBeforeRead) => "gates: a server dies, and the next is quick",
        (_, _, GateMutations.RegisterOverOthers) => "gates: another gate of the node starts",
        (_, _, GateMutations.TellExitBlindly) => "gates: a server dies, an answer is lost",
        (_, _, GateMutations.OpenWithoutLateSave) => "gates: a server dies",
        (_, _, GateMutations.ReleaseBeforeLateSave) => "gates: a server dies in a move",
        _ => null,
    };
}
