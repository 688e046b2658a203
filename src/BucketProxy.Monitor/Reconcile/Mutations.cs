namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Guards that a test may take out, one at a time, to prove that it would notice. No configuration reaches this: the
/// product always runs with <see cref="None"/>.
/// </summary>
[Flags]
internal enum Mutations
{
    None = 0,

    /// <summary>S1: a grant does not compare what it replaces.</summary>
    GrantWithoutComparing = 1 << 0,

    /// <summary>S3: a grant does not compare the move that it ends.</summary>
    GrantWithoutMove = 1 << 1,

    /// <summary>S3: proxies are not waited for.</summary>
    GrantWithoutSilence = 1 << 2,

    /// <summary>S3: a silence report about any earlier move counts.</summary>
    OldSilenceCounts = 1 << 3,

    /// <summary>S3: the list of proxies need not have been read after the move stood.</summary>
    ListBeforeMove = 1 << 4,

    /// <summary>S3: a lost proxy that goes on serving counts as silent.</summary>
    LostProxyIsSilent = 1 << 5,

    /// <summary>S3: a lost proxy that fences counts as silent at once, not a time to live later.</summary>
    FencedAtOnce = 1 << 6,

    /// <summary>S3: the old owner is not asked to save and unload.</summary>
    GrantWithoutRelease = 1 << 7,

    /// <summary>S3: an old owner that only watches gets no time to see it.</summary>
    OpenWithoutSettling = 1 << 8,

    /// <summary>S6: writes do not compare the leader key.</summary>
    WriteWithoutLeading = 1 << 9,

    /// <summary>S9: a process that lost the bucket without a release may get it again.</summary>
    AllowReturn = 1 << 10,

    /// <summary>S9: such a loss is not written down.</summary>
    ForgetUnclean = 1 << 11,

    /// <summary>A node whose registration is gone loses its buckets although it still answers.</summary>
    SuspectIsDead = 1 << 12,

    /// <summary>A grant does not compare the new owner's registration.</summary>
    GrantWithoutNode = 1 << 13,

    /// <summary>L1: buckets without a living owner stay as they are.</summary>
    IgnoreOrphans = 1 << 14,

    /// <summary>L2: a move that cannot go on is not aborted.</summary>
    NeverAbort = 1 << 15,

    /// <summary>S2: a bucket that somebody assigned to a node nobody ever heard of is taken back even if that node has come meanwhile.</summary>
    GiveBackBlindly = 1 << 16,

    /// <summary>G3: a gate's silence is enough; that the server has let go is not waited for.</summary>
    GrantWithoutReleased = 1 << 17,

    /// <summary>G3: a gate's release report about any earlier move counts.</summary>
    OldReleaseCounts = 1 << 18,

    /// <summary>G8: a grant by exit or expiry does not compare that the gate's key is still gone, or still tells that exit.</summary>
    GrantBlindlyAfterLoss = 1 << 19,

    /// <summary>G9: a bucket opens at once after such a grant, while a save of the dead server can still land.</summary>
    OpenWithoutLateSave = 1 << 20,

    /// <summary>G8: the end of an unsupervised gate's lease counts as its server's death.</summary>
    UnsupervisedIsSupervised = 1 << 21,

    /// <summary>G8: the end of an earlier stay of the gate is not told from its present one: a server that is registered no more counts as dead
    /// though its own gate lives.</summary>
    UnregisteredIsDead = 1 << 22,

    /// <summary>Registrations are written for nodes that have a gate.</summary>
    RegisterGated = 1 << 23,
}
