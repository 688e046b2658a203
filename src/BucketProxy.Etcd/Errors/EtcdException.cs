namespace BucketProxy.Etcd.Errors;

/// <summary>A call to etcd failed. The message names the call, the endpoint and the status.</summary>
public class EtcdException : Exception
{
    /// <summary>Makes one.</summary>
    public EtcdException(string call, EtcdEndpoint? endpoint, EtcdStatusCode status, string detail, Exception? inner = null)
        : base($"etcd {call} at {endpoint?.ToString() ?? "no endpoint"}: {status}: {detail}", inner)
    {
        Call = call;
        Endpoint = endpoint;
        Status = status;
        Detail = detail;
    }

    /// <summary>Which call, as in <c>KV/Txn</c>.</summary>
    public string Call { get; }

    /// <summary>Which endpoint was asked last.</summary>
    public EtcdEndpoint? Endpoint { get; }

    /// <summary>How it ended.</summary>
    public EtcdStatusCode Status { get; }

    /// <summary>What the server, or the connection, said.</summary>
    public string Detail { get; }

    /// <summary>Whether the call may have been carried out. False: it certainly changed nothing.</summary>
    public virtual bool OutcomeUnknown => false;
}

/// <summary>A write was sent, and no answer came: it may have been carried out, or may yet be. It was not sent again.
/// Only reading what it should have changed can tell.</summary>
public sealed class EtcdOutcomeUnknownException(string call, EtcdEndpoint? endpoint, EtcdStatusCode status, string detail, Exception? inner = null)
    : EtcdException(call, endpoint, status, detail, inner)
{
    /// <inheritdoc/>
    public override bool OutcomeUnknown => true;
}

/// <summary>No endpoint answered in time. Nothing was changed.</summary>
public sealed class EtcdUnavailableException(string call, EtcdEndpoint? endpoint, EtcdStatusCode status, string detail, Exception? inner = null)
    : EtcdException(call, endpoint, status, detail, inner);

/// <summary>The revision asked for is no longer kept: read anew.</summary>
public sealed class EtcdCompactedException(string call, EtcdEndpoint? endpoint, long compactRevision, string detail)
    : EtcdException(call, endpoint, EtcdStatusCode.OutOfRange, detail)
{
    /// <summary>The oldest revision that is still kept, as a watch says it; 0 where the server does not say (ranges).</summary>
    public long CompactRevision { get; } = compactRevision;
}

/// <summary>The lease is not, or no longer, there: all its keys are gone.</summary>
public sealed class EtcdLeaseNotFoundException(string call, EtcdEndpoint? endpoint, long leaseId, string detail)
    : EtcdException(call, endpoint, EtcdStatusCode.NotFound, detail)
{
    /// <summary>The lease's number.</summary>
    public long LeaseId { get; } = leaseId;
}

/// <summary>An endpoint answered that belongs to another cluster than before.</summary>
public sealed class EtcdClusterChangedException(string call, EtcdEndpoint? endpoint, ulong expected, ulong actual)
    : EtcdException(call, endpoint, EtcdStatusCode.FailedPrecondition, $"cluster {actual:x} answered, where {expected:x} was expected")
{
    /// <summary>The cluster that was known.</summary>
    public ulong Expected { get; } = expected;

    /// <summary>The cluster that answered.</summary>
    public ulong Actual { get; } = actual;
}
