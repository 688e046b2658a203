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
}
