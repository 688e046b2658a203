using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Options;

/// <summary>How dtable-servers are asked.</summary>
public sealed record NodeCallOptions
{
    /// <summary>How long a <c>/ping/</c> may take; default 3 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Path of the release call; default <c>/bucketproxy/release</c>.</summary>
    public string ReleasePath { get; init; } = "/bucketproxy/release";

    /// <summary>Where servers may be; default anywhere.</summary>
    public NodeNetworks NodeNetworks { get; init; } = NodeNetworks.Any;
}
