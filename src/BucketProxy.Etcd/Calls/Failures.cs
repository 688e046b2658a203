using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Transport;

namespace BucketProxy.Etcd.Calls;

/// <summary>Says to the caller what a failure means.</summary>
internal static class Failures
{
    private const string Compacted = "etcdserver: mvcc: required revision has been compacted";

    public static EtcdException ToPublic(string call, CallFailure f, bool repeatable) => f.Execution switch
    {
        Execution.Refused when f.Detail == Compacted => new EtcdCompactedException(call, f.Endpoint, 0, f.Detail),
        Execution.Refused => new EtcdException(call, f.Endpoint, f.Status, f.Detail, f.InnerException),
        Execution.Maybe when !repeatable => new EtcdOutcomeUnknownException(call, f.Endpoint, f.Status, f.Detail, f.InnerException),
        _ => new EtcdUnavailableException(call, f.Endpoint, f.Status, f.Detail, f.InnerException),
    };
}
