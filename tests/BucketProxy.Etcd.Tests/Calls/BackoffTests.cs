using BucketProxy.Etcd.Calls;

namespace BucketProxy.Etcd.Tests.Calls;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(0, 50)]
    [InlineData(1, 100)]
    [InlineData(3, 400)]
    [InlineData(6, 2000)]
    [InlineData(1_000_000, 2000)]
    public void Delay_OfAttempt_LiesBetweenHalfAndTheWhole(int attempt, int whole)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
        for (var i = 0; i < 100; i++)
            Assert.InRange(backoff.Delay(attempt).TotalMilliseconds, whole / 2.0, whole);
    }

    [Fact]
    public void Delay_Repeated_Varies()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
        Assert.True(Enumerable.Range(0, 20).Select(_ => backoff.Delay(3)).Distinct().Count() > 1);
    }
}
