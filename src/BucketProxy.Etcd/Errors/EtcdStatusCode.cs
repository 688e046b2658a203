namespace BucketProxy.Etcd.Errors;

/// <summary>How a call ended, by gRPC's numbers (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).</summary>
public enum EtcdStatusCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The other side cancelled.</summary>
    Cancelled = 1,

    /// <summary>No reason known.</summary>
    Unknown = 2,

    /// <summary>The request is wrong, whatever the state.</summary>
    InvalidArgument = 3,

    /// <summary>Not done in time.</summary>
    DeadlineExceeded = 4,

    /// <summary>There is no such thing, as a lease.</summary>
    NotFound = 5,

    /// <summary>There is one already.</summary>
    AlreadyExists = 6,

    /// <summary>The user may not.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or a rate is used up.</summary>
    ResourceExhausted = 8,

    /// <summary>Not in this state.</summary>
    FailedPrecondition = 9,

    /// <summary>Given up for a conflict.</summary>
    Aborted = 10,

    /// <summary>Outside of what there is, as a compacted revision.</summary>
    OutOfRange = 11,

    /// <summary>The server does not know this call.</summary>
    Unimplemented = 12,

    /// <summary>An invariant is broken, as a malformed answer.</summary>
    Internal = 13,

    /// <summary>Not reached, or not able now.</summary>
    Unavailable = 14,

    /// <summary>Data is lost.</summary>
    DataLoss = 15,

    /// <summary>Nobody knows who we are.</summary>
    Unauthenticated = 16,
}
