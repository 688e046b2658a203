namespace BucketProxy.Gateway.Gating;

/// <summary>
/// Guards that a test may take out, one at a time, to prove that it would notice. No configuration reaches this: the
/// product always runs with <see cref="None"/>.
/// </summary>
[Flags]
internal enum GateMutations
{
    None = 0,

    /// <summary>G1: requests are admitted although the lease may be about to end.</summary>
    AdmitWithoutLease = 1 << 0,

    /// <summary>G3: a release is reported while requests are still in flight.</summary>
    ReleaseWhileInFlight = 1 << 1,

    /// <summary>G3: a release is reported before the server has let go.</summary>
    ReleaseWithoutServer = 1 << 2,

    /// <summary>G4: the server is not killed before the lease can end.</summary>
    NeverKill = 1 << 3,

    /// <summary>G6: a new run is admitted to before the table was read behind its publication.</summary>
    AdmitBeforeRead = 1 << 4,

    /// <summary>G6: a server is started without a valid lease.</summary>
    StartWithoutLease = 1 << 5,

    /// <summary>G7: the gate's key is put over another's.</summary>
    RegisterOverOthers = 1 << 6,

    /// <summary>G7: the gate registers anew while a run of before is still there.</summary>
    RegisterWhileRunning = 1 << 7,

    /// <summary>G8: an exit is told without comparing whose key stands there.</summary>
    TellExitBlindly = 1 << 8,

    /// <summary>G9: after a run that did not save, the next one is admitted to at once.</summary>
    OpenWithoutLateSave = 1 << 9,

    /// <summary>G9: after a run that did not save, what the next one lets go of is released at once.</summary>
    ReleaseBeforeLateSave = 1 << 10,
}
