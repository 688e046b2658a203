namespace BucketProxy.Gateway.Admission;

/// <summary>What becomes of a request that goes by an entry.</summary>
internal enum Verdict
{
    /// <summary>It waits.</summary>
    Hold,

    /// <summary>It goes to the entry's owner.</summary>
    Send,

    /// <summary>It is not this gate's, and its sender, which can look again, is told so: 421.</summary>
    Misdirected,
}
