namespace BucketProxy.Gateway.Options;

/// <summary>How the server behind a gate gives a bucket up in a planned move.</summary>
public enum GateRelease
{
    /// <summary>Not at all: planned moves off it are refused.</summary>
    None,

    /// <summary>An HTTP call that answers 2xx once the bucket is saved and unloaded.</summary>
    Call,

    /// <summary>The gate restarts it.</summary>
    Restart,
}
