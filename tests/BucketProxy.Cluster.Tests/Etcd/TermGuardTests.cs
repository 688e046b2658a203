using BucketProxy.Cluster.Etcd;
using BucketProxy.Etcd;

namespace BucketProxy.Cluster.Tests.Etcd;

public sealed class TermGuardTests
{
    private readonly TermGuard _terms = new();

    [Fact]
    public void Rule9_RenewalOfADeposedLeader_CountsForNothing()
    {
        _terms.Confirmed(Header(term: 7));
        Assert.True(_terms.IsDeposed(Header(term: 6)));
        Assert.False(_terms.IsDeposed(Header(term: 7)));
        Assert.False(_terms.IsDeposed(Header(term: 8)));
    }

    [Fact]
    public void IsDeposed_ALaterTermThatNoQuorumConfirmed_ProvesNothing()
    {
        _terms.Confirmed(Header(term: 7));
        Assert.False(_terms.IsDeposed(Header(term: 9)));
        Assert.False(_terms.IsDeposed(Header(term: 8)));
    }

    [Fact]
    public void IsDeposed_RestoredClusterCountsAnew_IsFollowed()
    {
        _terms.Confirmed(Header(term: 700));
        _terms.Confirmed(Header(term: 2));
        Assert.False(_terms.IsDeposed(Header(term: 2)));
    }

    [Fact]
    public void IsDeposed_OfAnotherCluster_IsNot()
    {
        _terms.Confirmed(Header(term: 700));
        Assert.False(_terms.IsDeposed(Header(term: 2, cluster: 9)));
    }

    private static EtcdHeader Header(ulong term, ulong cluster = 1) => new(cluster, 1, 1, term);
}
