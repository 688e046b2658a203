using BucketProxy.Cluster.Store;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Store;

public sealed class ToldCausesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void IsNews_OneCauseAgainAndAgain_IsToldOnce()
    {
        var told = new ToldCauses(_time);
        Assert.True(told.IsNews("refused"));
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.False(told.IsNews("refused"));
        }
        Assert.True(told.IsNews("unreachable"));
    }

    [Fact]
    public void IsNews_WellAndNotByTurns_IsToldOnce()
    {
        var told = new ToldCauses(_time);
        Assert.True(told.IsNews("the watch is refused"));
        for (var i = 0; i < 100; i++)
        {
            Assert.False(told.IsOver());
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.False(told.IsNews("the watch is refused"));
        }
    }

    [Fact]
    public void IsOver_WellForAWhile_IsToldOnceAndTheNextTroubleIsNews()
    {
        var told = new ToldCauses(_time);
        Assert.False(told.IsOver());
        told.IsNews("refused");
        Assert.False(told.IsOver());
        _time.Advance(ToldCauses.Calm);
        Assert.True(told.IsOver());
        Assert.False(told.IsOver());
        Assert.True(told.IsNews("refused"));
    }

    [Fact]
    public void IsNews_NobodyLookedWhileItWasWell_IsNewsAllTheSame()
    {
        var told = new ToldCauses(_time);
        told.IsNews("refused");
        told.IsOver();
        _time.Advance(ToldCauses.Calm);
        Assert.True(told.IsNews("refused"));
    }
}
