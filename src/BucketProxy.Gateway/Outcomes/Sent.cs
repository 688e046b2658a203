namespace BucketProxy.Gateway.Outcomes;

/// <summary>What became of one attempt.</summary>
internal enum Sent
{
    /// <summary>The client has its answer, or is gone.</summary>
    Answered,

    /// <summary>No connection to the owner could be made, nothing was sent: it may be sent again (S4).</summary>
    Unreachable,

    /// <summary>The owner's gate says that the base is not its own, and that nothing was sent: it may be sent again (S4).</summary>
    Misdirected,

    /// <summary>The grant changed between the look at the table and the sending; nothing was sent.</summary>
    GrantChanged,

    /// <summary>It must be sent again, and there is no place to wait.</summary>
    NoPlace,
}
