using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>The searches that are made, each within bounds of its own.</summary>
internal static class Searches
{
    public static IReadOnlyList<Bounds> All { get; } =
    [
        new Bounds { Name = "a move", Requests = 2 },
        new Bounds { Name = "a move, a proxy joins", Requests = 1, Joins = 1 },
        new Bounds { Name = "a move, the leader is deposed", Requests = 1, LeaderLosses = 1 },
        new Bounds { Name = "a move, an answer is lost", Requests = 1, LostAnswers = 1 },
        new Bounds { Name = "a move that may be aborted, and another", Requests = 1, Jumps = 1, Orders = 1 },
        new Bounds { Name = "two moves, a proxy joins between", Requests = 1, Joins = 1, Orders = 1 },
        new Bounds { Name = "a move off a server that watches", Mode = ReleaseMode.Watch, Requests = 2, Jumps = 1 },
        new Bounds { Name = "a pinned base moves", PinMoves = true, Requests = 2 },
        new Bounds { Name = "a proxy that serves without the store is lost", Requests = 1, ProxyLosses = 1 },
        new Bounds { Name = "a proxy that fences is lost", Proxies = StoreLossMode.Fence, Requests = 1, ProxyLosses = 1, Jumps = 1 },
        new Bounds { Name = "a server is taken for dead and comes back", NodeLosses = 2, Jumps = 1, Orders = 1 },
        new Bounds { Name = "the target is drained, an answer is lost", Drains = 1, LostAnswers = 1 },
        new Bounds { Name = "the target is lost", NodeLosses = 1 },
        new Bounds { Name = "a move there and back", Requests = 1, Orders = 1 },
        new Bounds { Name = "somebody else writes the owner", ForeignWrites = 1 },
    ];

    /// <summary>The shortest way to a breach, or null: none within the bounds of any search.</summary>
    /// <param name="mutation">The guard that is taken out.</param>
    /// <param name="limit">States that a search may see.</param>
    /// <param name="only">The name of the one search to make; null: all.</param>
    public static ExplorerResult? Find(Mutation mutation, int limit, string? only)
    {
        foreach (var bounds in All.Where(b => only is null || b.Name == only))
        {
            var result = new Explorer(bounds, mutation, limit).Run();
            if (result.Violation is not null)
                return result;
        }
        return null;
    }
}
