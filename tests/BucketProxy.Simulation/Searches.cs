using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Participation;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Simulation;

/// <summary>The searches that are made, each within bounds of its own.</summary>
internal static class Searches
{
    public static IReadOnlyList<Bounds> All { get; } =
    [
        new Bounds { Name = "a move", Requests = 2 },
        new Bounds { Name = "a move, a proxy joins", Requests = 1, Joins = 1 },
        new Bounds { Name = "a move, the leader is deposed", Requests = 1, LeaderLosses = 1 },
        new Bounds { Name = "a move, the leader's process ends", Requests = 1, Crashes = 1 },
        new Bounds { Name = "a move, an answer is lost", Requests = 1, LostAnswers = 1 },
        new Bounds { Name = "a move that may be aborted, and another", Requests = 1, Jumps = 1, Orders = 1 },
        new Bounds { Name = "a move there and back", Requests = 1, Orders = 1 },
        new Bounds { Name = "a move after a proxy joined", Start = Situation.JoinedAfterAMove, Requests = 1 },
        new Bounds { Name = "two moves, a proxy joins between", Requests = 1, Joins = 1, Orders = 1 },
        new Bounds { Name = "a move off a server that watches", Start = Situation.OrderedWhileHeld, Mode = ReleaseMode.Watch, Requests = 1, Jumps = 1 },
        new Bounds { Name = "a move off a server that watches, a proxy joins", Mode = ReleaseMode.Watch, Requests = 1, Joins = 1 },
        new Bounds { Name = "a pinned base moves", Start = Situation.PinWished, Requests = 2 },
        new Bounds { Name = "a proxy that serves without the store is lost", Requests = 1, ProxyLosses = 1 },
        new Bounds { Name = "a proxy that fences is lost", Proxies = StoreLossMode.Fence, Requests = 1, ProxyLosses = 1, Jumps = 1 },
        new Bounds { Name = "a move while a proxy that fences counts as silent", Start = Situation.FencedProxyLost, Proxies = StoreLossMode.Fence, Requests = 1 },
        new Bounds { Name = "a move while its new lease is not known", Start = Situation.NewLeaseUnknown, Proxies = StoreLossMode.Fence, Requests = 1 },
        new Bounds { Name = "a move, a proxy's successor starts from its disk", Mode = ReleaseMode.Watch, Requests = 1, Successors = 1 },
        new Bounds { Name = "a move, an operator has a proxy forgotten that lives", Mode = ReleaseMode.Watch, Requests = 1, Forgets = 1 },
        new Bounds { Name = "a server is taken for dead", Start = Situation.Rest, NodeLosses = 1, Requests = 1 },
        new Bounds { Name = "a server is taken for dead and comes back", NodeLosses = 2, Jumps = 1, Orders = 1 },
        new Bounds { Name = "a move to a server that lost the bucket", Start = Situation.BackAfterALoss, Requests = 1 },
        new Bounds { Name = "a server loses its registration and answers", Start = Situation.Rest, Unregistrations = 1, Requests = 1, Jumps = 1 },
        new Bounds { Name = "the target is drained, an answer is lost", Drains = 1, LostAnswers = 1 },
        new Bounds { Name = "the target is lost", NodeLosses = 1 },
        new Bounds { Name = "somebody else writes the owner", ForeignWrites = 1 },
        new Bounds { Name = "somebody names a server that then comes", Start = Situation.NodeNeverSeen, ForeignWrites = 1, NewNodes = 1, Requests = 1 },
        .. GateSearches.All,
    ];

    /// <summary>The search that finds a mutation soonest; null: it lets nothing wrong happen that a search could see.</summary>
    public static Bounds? Of(Mutation mutation) => (GateSearches.Of(mutation) ?? Name(mutation)) is { } name ? All.Single(b => b.Name == name) : null;

    private static string? Name(Mutation mutation) => (mutation.Monitor, mutation.Proxy) switch
    {
        (Mutations.GrantWithoutComparing, _) => "somebody else writes the owner",
        (Mutations.GrantWithoutMove, _) => "the target is drained, an answer is lost",
        (Mutations.GrantWithoutSilence, _) => "a move",
        (Mutations.OldSilenceCounts, _) => "a move there and back",
        (Mutations.ListBeforeMove, _) => "a move after a proxy joined",
        (Mutations.LostProxyIsSilent, _) => "a proxy that serves without the store is lost",
        (Mutations.FencedAtOnce, _) => "a proxy that fences is lost",
        (Mutations.GrantWithoutRelease, _) => "a move",
        (Mutations.OpenWithoutSettling, _) => "a move off a server that watches",
        (Mutations.WriteWithoutLeading, _) => "a move, the leader is deposed",
        (Mutations.AllowReturn, _) => "a move to a server that lost the bucket",
        (Mutations.ForgetUnclean, _) => "a server is taken for dead",
        (Mutations.SuspectIsDead, _) => "a server loses its registration and answers",
        (Mutations.GrantWithoutNode, _) => "the target is lost",
        (Mutations.GiveBackBlindly, _) => "somebody names a server that then comes",
        (_, ProxyMutations.SilentWhileInFlight) => "a move",
        (_, ProxyMutations.SilentBeforePublishing) => "a move",
        (_, ProxyMutations.ServeBeforeKnown) => "a move off a server that watches, a proxy joins",
        (_, ProxyMutations.NeverFence) => "a move while a proxy that fences counts as silent",
        (_, ProxyMutations.IgnoreForgotten) => "a move, an operator has a proxy forgotten that lives",
        (_, ProxyMutations.TrustNewLease) => "a move while its new lease is not known",
        (_, ProxyMutations.DropPredecessors) => "a move, a proxy's successor starts from its disk",
        _ => null,
    };
}
