namespace BucketProxy.Gateway.Outcomes;

/// <summary>Why an answer is as it is, for metrics.</summary>
internal enum Cause
{
    /// <summary>A node answered.</summary>
    Node,

    /// <summary>A local route.</summary>
    Local,

    /// <summary>The request was malformed.</summary>
    BadRequest,

    /// <summary>The body was too large.</summary>
    TooLarge,

    /// <summary>No owner opened within the hold.</summary>
    HoldTimeout,

    /// <summary>Too many were held.</summary>
    HoldFull,

    /// <summary>The proxy is stopping.</summary>
    Draining,

    /// <summary>A move ended a long poll or a handshake.</summary>
    Moved,

    /// <summary>At a gate: the base is not its node's, and another proxy, or gate, that sent the request is told so.</summary>
    Misdirected,

    /// <summary>The owner broke off.</summary>
    NodeFailed,

    /// <summary>The owner's answer is no HTTP, or has two readings.</summary>
    NodeMalformed,

    /// <summary>The owner did not answer in time.</summary>
    NodeTimeout,

    /// <summary>The client went away.</summary>
    ClientGone,

    /// <summary>A fault of ours.</summary>
    Internal,
}
