namespace BucketProxy.Etcd.Tests;

public sealed class EtcdBytesTests
{
    [Fact]
    public void Equals_SameBytesOtherArray_IsTrueWithSameHash()
    {
        EtcdBytes a = "assign-00", b = (byte[])[.. "assign-00"u8];
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
    }

    [Fact]
    public void CompareTo_HighBytes_SortAsUnsigned()
    {
        EtcdBytes low = (byte[])[0x7f], high = (byte[])[0x80];
        Assert.True(low < high);
    }

    [Fact]
    public void Default_IsEmpty()
    {
        Assert.True(default(EtcdBytes).IsEmpty);
        Assert.Equal("", default(EtcdBytes).ToString());
        Assert.Equal<EtcdBytes>("", default);
    }
}
