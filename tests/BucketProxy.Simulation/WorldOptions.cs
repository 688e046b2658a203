using System.Collections.Immutable;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Gating;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

internal sealed record WorldOptions
{
    public required ImmutableArray<Bucket> Buckets { get; init; }

    public required ImmutableArray<BaseId> Bases { get; init; }

    public required MonitorOptions Monitor { get; init; }

    public Mutation Mutation { get; init; } = Mutation.None;

    /// <summary>In a search: what else may take any time at gate 0.</summary>
    public Bounds? Bounds { get; init; }

    /// <summary>How gates take part; each fills in its own names.</summary>
    public GateAgentOptions Gate { get; init; } = new()
    {
        Instance = "",
        NodeId = "",
        Server = new Uri("http://localhost/"),
        LocalNodeUrl = "",
        NodeUrl = "http://x",
    };
}
