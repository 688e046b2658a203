namespace BucketProxy.Gateway.Outcomes;

/// <summary>How a wait ended.</summary>
internal enum HoldOutcome
{
    /// <summary>Its entry opened, and it was let go: try to enter.</summary>
    Released,

    /// <summary>The hold time is over.</summary>
    TimedOut,

    /// <summary>No place was left, and this was the newest.</summary>
    Refused,

    /// <summary>At a gate: the base is not its node's, and the proxy, or gate, that sent the request can look again.</summary>
    Misdirected,

    /// <summary>The client went away.</summary>
    ClientGone,

    /// <summary>The proxy stops.</summary>
    Draining,
}
