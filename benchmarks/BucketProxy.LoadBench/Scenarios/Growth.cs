using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>The same load with more nodes, more websockets, and during moves.</summary>
internal sealed record Growth() : Scenario(
    "growth", "How cost grows",
    "Small GET at 3,000 requests/s, through BucketProxy alone: with 2, 16 and 64 nodes, with idle websockets beside it (as many as the limit of open files allows), while one of "
    + "4 nodes is drained of its 64 buckets, and while somebody writes the whole map anew in an etcd, with another owner for each bucket, 20 times a second. Compared with the first line.")
{
    private static readonly int[] Sockets = [1000, 10_000, 30_000];
    private readonly FixedRate _load = new("", "", "", 3000);

    public override IReadOnlyList<Metric> Metrics => [.. _load.Metrics, Metric.Moves, Metric.Rewrites];

    public override int Nodes => 64;

    // So many websockets at once are more than an nginx with a port of its own for each could pass on.
    public override bool NeedsRawNodes => true;

    public override bool IsOurOwn => true;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) =>
    [
        new BucketProxyKind { Key = "nodes-2", Name = "2 nodes", Nodes = 2 },
        new BucketProxyKind { Key = "nodes-16", Name = "16 nodes", Nodes = 16 },
        new BucketProxyKind { Key = "nodes-64", Name = "64 nodes", Nodes = 64 },
        .. Sockets.Select(DescriptorLimit.MostSockets).Distinct().Select(WithSockets),
        new BucketProxyKind { Key = "moves-64", Name = "4 nodes, 64 moves in each run", Nodes = 4, Moves = true },
        new RewrittenMap(),
    ];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        if (proxy.Disturbance is not { } disturbance)
            return await _load.RunAsync(workspace, proxy, nodes, duration);
        var load = _load.RunAsync(workspace, proxy, nodes, duration);
        await disturbance.BeginAsync();
        var sample = await load;
        await disturbance.EndAsync(sample);
        return sample;
    }

    private static BucketProxyKind WithSockets(int count) => new()
    {
        Key = $"sockets-{count}",
        Name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"2 nodes, {count:#,0} idle websockets"),
        IdleSockets = count,
    };
}
