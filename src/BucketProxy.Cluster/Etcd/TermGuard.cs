using BucketProxy.Etcd;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Knows the election term of the last answer that a quorum stood behind, and so which member was deposed without knowing it.</summary>
/// <remarks>
/// etcd before 3.4.38, 3.5.23 and 3.6.5 may confirm the renewal of a lease that is revoked (pull 20615), as a leader does that was frozen and
/// does not know yet that another was elected. Such a renewal counts for nothing.
/// </remarks>
internal sealed class TermGuard
{
    private readonly Lock _lock = new();
    private ulong _cluster;
    private ulong _term;

    /// <summary>An answer that took a quorum. Its term holds also if it is lower than before: a restored cluster counts anew.</summary>
    public void Confirmed(EtcdHeader header)
    {
        lock (_lock)
            (_cluster, _term) = (header.ClusterId, header.RaftTerm);
    }

    /// <summary>Whether a quorum has told of a later term than this answer's.</summary>
    public bool IsDeposed(EtcdHeader header)
    {
        lock (_lock)
            return header.ClusterId == _cluster && header.RaftTerm < _term;
    }
}
