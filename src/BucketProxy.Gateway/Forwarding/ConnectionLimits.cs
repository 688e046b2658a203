using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Upstream;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>The limits on connections to nodes, in ticks of the clock that all of them go by.</summary>
internal sealed class ConnectionLimits
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    public ConnectionLimits(GatewayOptions options)
    {
        // An eighth of the shortest limit: that is as far as a limit may be missed.
        var shortest = options.NodeKeepAlive > TimeSpan.Zero && options.NodeKeepAlive < options.IdleTimeout ? options.NodeKeepAlive : options.IdleTimeout;
        Tick = TimeSpan.FromTicks(Math.Clamp(shortest.Ticks / 8, Shortest.Ticks, Longest.Ticks));
        ConnectTimeout = options.ConnectTimeout;
        Networks = options.NodeNetworks;
        UsesLoops = options.UsesLoops;
        // Never longer: a node closes soon after.
        IdleTicks = (int)(options.NodeKeepAlive / Tick);
        // Never shorter.
        SilentTicks = (int)Math.Ceiling(options.IdleTimeout / Tick);
    }

    public ConnectionClock Clock { get; } = new();

    /// <summary>How often the clock moves on.</summary>
    public TimeSpan Tick { get; }

    public TimeSpan ConnectTimeout { get; }

    /// <summary>Connections are on event loops of our own.</summary>
    public bool UsesLoops { get; }

    /// <summary>Where nodes may stand.</summary>
    public NodeNetworks Networks { get; }

    /// <summary>A connection that was idle for so many is not used again.</summary>
    public int IdleTicks { get; }

    /// <summary>A request on which nothing moved for more than so many is ended.</summary>
    public int SilentTicks { get; }
}
