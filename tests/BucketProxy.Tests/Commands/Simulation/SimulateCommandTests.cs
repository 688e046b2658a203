using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Commands;
using BucketProxy.Commands.Simulation;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Tests.Commands.Simulation;

public sealed class SimulateCommandTests
{
    private static async Task<SimulatedStep[]> StepsAsync(params string[] arguments)
    {
        var run = await CommandRun.Of(["simulate", "--json", .. arguments]);
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        return JsonSerializer.Deserialize<SimulatedStep[]>(run.Output, AdminJson.Options)!;
    }

    [Fact]
    public async Task Simulate_Skewed_RebalancingMakesItMoreEvenButNotMoreThanPossible()
    {
        var steps = await StepsAsync("--nodes", "8", "--zipf", "1.2");
        Assert.Equal(["now", "rebalance"], steps.Select(s => s.Step));
        Assert.Equal((32, 32), (steps[0].FewestBuckets, steps[0].MostBuckets));
        Assert.True(steps[1].Moves > 0 && steps[1].Imbalance < steps[0].Imbalance, $"{steps[0]} {steps[1]}");
        Assert.True(steps[1].Imbalance >= steps[1].LowerBound - 1e-9);
    }

    [Fact]
    public async Task Simulate_LossAndJoin_MoveTheFewest()
    {
        var steps = await StepsAsync("--nodes", "4", "--zipf", "0", "--bases", "1000000", "--kill", "1", "--add", "1");
        Assert.Equal(["now", "rebalance", "dtable-server-01 lost", "rebalance", "dtable-server-05 joined", "rebalance"], steps.Select(s => s.Step));
        Assert.Equal([0, 0, 64, 0, 0, 64], steps.Select(s => s.Moves));
        Assert.Equal([4, 4, 3, 3, 4, 4], steps.Select(s => s.Nodes));
    }

    [Fact]
    public async Task Simulate_Live_BeginsWithTheClusterAsItIs()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Load("p1"), """{"buckets":{"00":{"rate":90,"bytes":0,"sockets":0},"90":{"rate":30,"bytes":0,"sockets":0}}}"""));
        await site.FollowedAsync();
        var steps = await StepsAsync("--live", "--url", site.Client.BaseAddress!.ToString());
        Assert.Equal((2, 112, 128, 1.5), (steps[0].Nodes, steps[0].FewestBuckets, steps[0].MostBuckets, steps[0].Imbalance));
        // The sixteen without an owner go to who has fewer.
        Assert.Equal((128, 128), (steps[1].FewestBuckets, steps[1].MostBuckets));
        Assert.Empty(site.Desk.Orders);
    }

    [Theory]
    [InlineData("--kill", "4")]
    [InlineData("--nodes", "0")]
    [InlineData("--zipf", "-1")]
    public async Task Simulate_ImpossibleNumbers_AreAWrongCommandLine(string flag, string value)
    {
        var run = await CommandRun.Of("simulate", flag, value);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"{flag}: allowed:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_ForPeople_IsATable()
    {
        var run = await CommandRun.Of("simulate", "--nodes", "4");
        Assert.Matches(@"now\s+4\s+0\s+64\s", run.Output);
    }
}
