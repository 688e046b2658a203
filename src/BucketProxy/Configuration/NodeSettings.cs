using System.Collections.Immutable;
using BucketProxy.Cluster.View;

namespace BucketProxy.Configuration;

/// <summary>A dtable-server that the configuration knows.</summary>
internal sealed record NodeSettings
{
    [Setting("The node id. SeaTable's programs look for ids that begin with 'dtable-server-'.", DefaultText = "none: it must be given",
        Allowed = "'dtable-server-' and at least one of: letters, digits, '-', '_', '.'")]
    public string? Id { get; init; }

    [Setting("Where proxies and monitors reach the server; may hold a path.", Name = "local_node_url", DefaultText = "none: it must be given, unless register is off")]
    public Uri? LocalNodeUrl { get; init; }

    [Setting("Where browsers reach the server. Pins, and every guarantee of a planned move, need it to lead to the proxy.",
        Name = "node_url", DefaultText = "local_node_url")]
    public Uri? NodeUrl { get; init; }

    [Setting("On: BucketProxy registers the server while its /ping/ answers. Off: it registers itself, and this entry only adds weight and release mode.")]
    public bool Register { get; init; } = true;

    [Setting("The server's share of the buckets, relative to the others'.", Min = "0.01", Max = "100",
        Raise = "It gets more buckets.", Lower = "It gets fewer.")]
    public double Weight { get; init; } = 1;

    [Setting("The most buckets that the server shall own. Exceeded only when all servers together are too small.", Min = "1", Max = "256",
        Raise = "It may get more.", Lower = "It gives what is too much to the others at the next rebalance.")]
    public int Capacity { get; init; } = 256;

    [Setting("How the server gives a bucket up in a planned move. 'none': not at all, so no bucket is moved off it while it runs. 'watch': it follows the assignments in etcd by itself. 'call': an HTTP call to monitor.releasePath that answers 2xx once it has saved and unloaded the bucket. 'restart': a command that restarts it. 'watch' for a server that does not really follow the assignments loses data.",
        DefaultText = "'none' for a server that we register, 'watch' for one that registers itself")]
    public ReleaseMode? Release { get; init; }

    [Setting("For 'watch': whether the server follows single bases that are pinned elsewhere (bucketproxy/bases/ in etcd) as well as the buckets (assign-xx). On for a server that does not loses data; off only refuses to move single bases off it.",
        DefaultText = "as its registration says (\"follows_pins\": true), else off")]
    public bool? FollowsPins { get; init; }

    [Setting("For 'restart': the program and its arguments, one item each; run without a shell. {node} in an argument becomes the id. It must return 0 only after the server has saved and its process is gone.")]
    public ImmutableArray<string> RestartCommand { get; init; } = [];
}
