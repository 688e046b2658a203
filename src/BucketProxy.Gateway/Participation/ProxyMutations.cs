namespace BucketProxy.Gateway.Participation;

/// <summary>
/// Guards that a test may take out, one at a time, to prove that it would notice. No configuration reaches this: the
/// product always runs with <see cref="None"/>.
/// </summary>
[Flags]
internal enum ProxyMutations
{
    None = 0,

    /// <summary>S2: silence is reported while requests are still in flight.</summary>
    SilentWhileInFlight = 1 << 0,

    /// <summary>S2: silence is reported before the table that holds requests back is published.</summary>
    SilentBeforePublishing = 1 << 1,

    /// <summary>S3: a table is served that was read before the proxy was known.</summary>
    ServeBeforeKnown = 1 << 2,

    /// <summary>S3: a fencing proxy goes on although its lease may have ended.</summary>
    NeverFence = 1 << 3,

    /// <summary>S3: a proxy that was forgotten goes on.</summary>
    IgnoreForgotten = 1 << 4,

    /// <summary>S3: a proxy whose lease ended takes a new lease for a registration, before its <c>alive</c> key stands again.</summary>
    TrustNewLease = 1 << 5,

    /// <summary>S3: a successor that serves from disk takes its predecessors' records out as soon as it is known itself.</summary>
    DropPredecessors = 1 << 6,
}
