using BucketProxy.Cluster.Etcd;

namespace BucketProxy.Cluster.Tests.Etcd;

public sealed class KnownServerBugsTests
{
    [Theory]
    [InlineData("3.5.0")]
    [InlineData("3.5.1")]
    [InlineData("3.5.2")]
    public void Of_TheVersionsThatLetMembersDiffer_IsData(string version)
    {
        Assert.Contains(KnownServerBugs.Of(version), b => b is { Kind: ServerBugKind.Data, Pull: 13908, FixedIn: "3.5.3" });
    }

    [Fact]
    public void Of_TheVersionThatMendedIt_HasItNoMore()
    {
        Assert.DoesNotContain(KnownServerBugs.Of("3.5.3"), b => b.Pull == 13908);
    }

    [Fact]
    public void Of_Debians_HasWhatItsTestsGuardAgainst()
    {
        var bugs = KnownServerBugs.Of("3.4.23");
        Assert.Contains(bugs, b => b is { Kind: ServerBugKind.Guarded, Pull: 19251 });
        Assert.Contains(bugs, b => b is { Kind: ServerBugKind.Guarded, Pull: 15697 });
        Assert.DoesNotContain(bugs, b => b.FixedIn.StartsWith("3.5", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("3.5.2-rc.1", true)]
    [InlineData("3.6.9", false)]
    [InlineData("3.4.45", false)]
    [InlineData("not-a-version", false)]
    [InlineData("", false)]
    public void Of_OtherSpellings_IsReadAsFarAsItGoes(string version, bool any)
    {
        Assert.Equal(any, KnownServerBugs.Of(version).Count > 0);
    }
}
