using BucketProxy.Etcd.Errors;

namespace BucketProxy.Etcd.Transport;

/// <summary>What a failed attempt may have done. On this hangs whether it may be sent again.</summary>
internal enum Execution
{
    /// <summary>It was certainly not carried out: no byte of the request left, or the server said so before it began.</summary>
    Never,

    /// <summary>It may have been carried out.</summary>
    Maybe,

    /// <summary>The server answered, and refused.</summary>
    Refused,
}

/// <summary>One attempt at one endpoint failed. Never leaves this library: callers see an <see cref="EtcdException"/>.</summary>
internal sealed class CallFailure(EtcdEndpoint endpoint, EtcdStatusCode status, string detail, Execution execution, Exception? inner = null)
    : Exception(detail, inner)
{
    private const string NoLeader = "etcdserver: no leader";
    private const string TooManyRequests = "etcdserver: too many requests";
    private static readonly string[] TokenTroubles =
        ["etcdserver: invalid auth token", "etcdserver: user name is empty", "etcdserver: revision of auth store is old"];

    public EtcdEndpoint Endpoint { get; } = endpoint;

    public EtcdStatusCode Status { get; } = status;

    public string Detail { get; } = detail;

    public Execution Execution { get; } = execution;

    /// <summary>A new token would help: the old one ran out, or the member never knew it.</summary>
    public bool IsTokenTrouble => Status == EtcdStatusCode.Unauthenticated || TokenTroubles.Contains(Detail);

    /// <summary>The failure that an answer's status means.</summary>
    public static CallFailure FromStatus(EtcdEndpoint endpoint, EtcdStatusCode status, string detail) =>
        new(endpoint, status, detail, ExecutionOf(status, detail));

    /// <summary>Unavailable, deadline and the like come from anywhere on the way, also after a write was proposed; the others
    /// are etcd's answers to a request that it looked at and did not carry out.</summary>
    private static Execution ExecutionOf(EtcdStatusCode status, string detail) => status switch
    {
        // etcd checks for a leader before it proposes, and for its queue's length likewise.
        EtcdStatusCode.Unavailable when detail == NoLeader => Execution.Never,
        EtcdStatusCode.ResourceExhausted when detail == TooManyRequests => Execution.Never,
        EtcdStatusCode.InvalidArgument or EtcdStatusCode.NotFound or EtcdStatusCode.AlreadyExists or EtcdStatusCode.PermissionDenied
            or EtcdStatusCode.ResourceExhausted or EtcdStatusCode.FailedPrecondition or EtcdStatusCode.OutOfRange
            or EtcdStatusCode.Unimplemented or EtcdStatusCode.Unauthenticated => Execution.Refused,
        _ => Execution.Maybe,
    };
}
