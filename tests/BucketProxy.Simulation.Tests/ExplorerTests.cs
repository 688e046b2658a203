namespace BucketProxy.Simulation.Tests;

public sealed class ExplorerTests
{
    [Theory]
    [InlineData("a move")]
    [InlineData("a pinned base moves")]
    [InlineData("gates: a move, the server is asked")]
    public void Run_EveryInterleaving_KeepsEveryInvariant(string search)
    {
        var result = new Explorer(Searches.All.Single(s => s.Name == search), Mutation.None, 100_000).Run();
        Assert.True(result.Violation is null, $"{result.Violation?.Message}\n{string.Join('\n', result.Trace)}");
        Assert.True(result.Complete, $"cut off at {result.States} states");
        Assert.True(result.States > 1000, $"{result.States} states");
    }

    /// <summary>The command <c>explore-mutations</c> runs all of them.</summary>
    [Theory]
    [InlineData("GrantWithoutSilence")]
    [InlineData("ListBeforeMove")]
    [InlineData("OpenWithoutSettling")]
    [InlineData("AllowReturn")]
    [InlineData("SuspectIsDead")]
    [InlineData("NeverFence")]
    [InlineData("IgnoreForgotten")]
    [InlineData("TrustNewLease")]
    [InlineData("GrantWithoutReleased")]
    [InlineData("AdmitWithoutRereading")]
    [InlineData("NoFuse")]
    [InlineData("DeadlineFromAnswer")]
    [InlineData("OldReleaseCounts")]
    [InlineData("UnsupervisedIsSupervised")]
    [InlineData("OwnAfterView")]
    [InlineData("Gate.StartWithoutLease")]
    public void Run_GuardTakenOut_IsFoundWithAShortestTrace(string name)
    {
        var mutation = Mutation.All.Single(m => m.Name == name);
        var result = new Explorer(Searches.Of(mutation)!, mutation, 30_000).Run();
        Assert.NotNull(result.Violation);
        Assert.Equal(result.Depth, result.Trace.Count);
        Assert.NotEmpty(result.Trace);
    }

    [Fact]
    public void Of_EverySafetyMutation_HasASearch() =>
        Assert.All(Mutation.All.Where(m => m.IsSearched), m => Assert.NotNull(Searches.Of(m)));

    /// <summary>Unless another guard stands behind it.</summary>
    [Fact]
    public void IsSearched_EveryGuardOfAGate_Is() =>
        Assert.All(Mutation.All.Where(m => m is { IsGated: true, BackedBy: null }), m => Assert.True(m.IsSearched, m.Name));
}
