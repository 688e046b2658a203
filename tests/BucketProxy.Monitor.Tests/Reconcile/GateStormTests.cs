using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>G3, G8, G9 under random orders of events: no two servers have one bucket, and everything comes to rest.</summary>
public sealed class GateStormTests
{
    private const int Steps = 120;

    [Fact]
    public void Storm_AnySeed_NoBucketIsWithTwoServersAndEverythingComesToRest()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var storm = new GateStorm(seed, Mutations.None);
            storm.Run(Steps);
            Assert.True(storm.Breach is null, $"Seed {seed}: {storm.Breach}.");
            Assert.True(storm.ComesToRest(), $"Seed {seed}: it does not come to rest.");
        }
    }

    [Theory]
    [InlineData(nameof(Mutations.GrantWithoutReleased))]
    [InlineData(nameof(Mutations.OldReleaseCounts))]
    [InlineData(nameof(Mutations.OpenWithoutLateSave))]
    [InlineData(nameof(Mutations.UnsupervisedIsSupervised))]
    [InlineData(nameof(Mutations.UnregisteredIsDead))]
    public void Storm_GuardTakenOut_IsSeen(string mutation)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var storm = new GateStorm(seed, Enum.Parse<Mutations>(mutation));
            storm.Run(Steps);
            if (storm.Breach is not null)
                return;
        }
        Assert.Fail($"No seed shows that {mutation} is missing.");
    }
}
