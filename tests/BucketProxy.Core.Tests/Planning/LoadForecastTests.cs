using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using static BucketProxy.Core.Tests.Planning.PlannerCases;

namespace BucketProxy.Core.Tests.Planning;

public sealed class LoadForecastTests
{
    [Fact]
    public void Zipf_SameSeed_SameBases()
    {
        Assert.Equal(LoadForecast.Zipf(100, 1.2, 500, 7), LoadForecast.Zipf(100, 1.2, 500, 7));
        Assert.NotEqual(LoadForecast.Zipf(100, 1.2, 500, 7)[0].Base, LoadForecast.Zipf(100, 1.2, 500, 8)[0].Base);
    }

    [Fact]
    public void Zipf_Skew_IsTheRatioOfRanks()
    {
        var bases = LoadForecast.Zipf(1000, 1.2, 500, 1);
        Assert.Equal(500, bases.Sum(b => b.Rate), 6);
        Assert.Equal(Math.Pow(2, 1.2), bases[0].Rate / bases[1].Rate, 6);
        Assert.Equal(bases[0].Rate, LoadForecast.Zipf(1000, 0, 500, 1)[0].Rate * 1000 * bases[0].Rate / 500, 6);
    }

    [Fact]
    public void OfBuckets_PinnedBases_AreLeftOut()
    {
        var bases = LoadForecast.Zipf(50, 1, 100, 1);
        var pin = BasePrefix.Of(bases[0].Base);
        Assert.Equal(100 - bases[0].Rate, LoadForecast.OfBuckets(bases, [pin]).Buckets.Values.Sum(l => l.Rate), 6);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 8)]
    [InlineData(3, 16)]
    public void Rebalance_ZipfLoad_ComesNearTheLowerBoundInAFewRounds(int seed, int nodes)
    {
        var sample = LoadForecast.OfBuckets(LoadForecast.Zipf(5000, 1.2, 2000, seed));
        var input = Input(Servers(nodes), b => Id(b % nodes)) with { Loads = [sample, sample, sample] };
        var before = LoadForecast.Report(input);
        for (var round = 0; round < 5; round++)
            input = Planner.Plan(input).Apply(input) with { MovedThisRound = 0, SinceMove = new Dictionary<Bucket, TimeSpan>() };
        var after = LoadForecast.Report(input);
        Assert.True(before.Imbalance > 1.2 * before.LowerBound, $"{before}");
        Assert.True(after.Imbalance <= Math.Max(1.1, after.LowerBound * 1.1), $"{before} {after}");
    }

    [Fact]
    public void Report_OneHugeBucket_BoundsWhatIsPossible()
    {
        var sample = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(b.Index == 0 ? 255 : 1)));
        var report = LoadForecast.Report(Input(Servers(4), b => Id(b % 4)) with { Loads = [sample] });
        Assert.Equal(2, report.LowerBound, 6);
        Assert.Equal((255 + 63) / 127.5, report.Imbalance, 6);
    }

    [Fact]
    public void Report_NoLoad_IsEven() => Assert.Equal(1, LoadForecast.Report(Input(Servers(2), b => Id(0))).Imbalance);
}
