namespace BucketProxy.Simulation.Tests;

public sealed class ExplorerTests
{
    [Theory]
    [InlineData("a move")]
    [InlineData("a pinned base moves")]
    public void Run_EveryInterleaving_KeepsEveryInvariant(string search)
    {
        var result = new Explorer(Searches.All.Single(s => s.Name == search), Mutation.None, 100_000).Run();
        Assert.True(result.Violation is null, $"{result.Violation?.Message}\n{string.Join('\n', result.Trace)}");
        Assert.True(result.Complete, $"cut off at {result.States} states");
        Assert.True(result.States > 1000, $"{result.States} states");
    }

    [Theory]
    [InlineData("GrantWithoutSilence", "a move")]
    [InlineData("GrantWithoutRelease", "a move")]
    [InlineData("SilentWhileInFlight", "a move")]
    [InlineData("OldSilenceCounts", "a move there and back")]
    public void Run_GuardTakenOut_IsFoundWithAShortestTrace(string name, string search)
    {
        var mutation = Mutation.All.Single(m => m.Name == name);
        var result = new Explorer(Searches.All.Single(s => s.Name == search), mutation, 100_000).Run();
        Assert.NotNull(result.Violation);
        Assert.Equal(result.Depth, result.Trace.Count);
    }
}
