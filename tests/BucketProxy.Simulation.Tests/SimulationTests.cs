namespace BucketProxy.Simulation.Tests;

public sealed class SimulationTests
{
    [Fact]
    public void Run_SomeSeeds_KeepEveryInvariant()
    {
        var sum = Runs.Many(1, 60, Mutation.None, stopAtFirst: false);
        Assert.True(sum.Violations.Count == 0, string.Join('\n', sum.Violations.Select(v => $"seed {v.Seed}: {v.Violation!.Message}")));
        // Something must have happened, or nothing was shown.
        Assert.True(sum.Grants > 200, $"{sum.Grants} changes of owner");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_SameSeed_IsTheSameRun(bool gated)
    {
        var (first, second) = (new StringWriter(), new StringWriter());
        var one = new Simulator(7, trace: first, gated: gated).Run();
        var two = new Simulator(7, trace: second, gated: gated).Run();
        Assert.Equal(one with { Violation = null }, two with { Violation = null });
        Assert.Equal(first.ToString(), second.ToString());
    }

    /// <summary>The keys of a gate that does not supervise its server are taken over by the next gate in the same place, and every invariant holds.</summary>
    [Fact]
    public void Run_GateThatDoesNotSuperviseStartsAgain_TakesItsKeysOver()
    {
        var trace = new StringWriter();
        Assert.Null(new Simulator(27, trace: trace, gated: true).Run().Violation);
        Assert.Contains("writes gate-takeover", trace.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Seeds found by the command <c>mutations</c>: with the guard in place they pass, without it they fail.</summary>
    [Theory]
    [InlineData("GrantWithoutSilence")]
    [InlineData("GrantWithoutRelease")]
    [InlineData("ForgetUnclean")]
    [InlineData("TrustNewLease")]
    [InlineData("NeverAbort")]
    [InlineData("GrantWithoutReleased")]
    [InlineData("UnsupervisedIsSupervised")]
    [InlineData("AdmitWithoutRereading")]
    [InlineData("NoFuse")]
    [InlineData("Gate.ReleaseWithoutServer")]
    public void Run_GuardTakenOut_IsCaughtSoon(string name)
    {
        var mutation = Mutation.All.Single(m => m.Name == name);
        Assert.NotEmpty(Runs.Many(1, 150, mutation, stopAtFirst: true, gated: mutation.IsGated).Violations);
    }

    /// <summary>Seeds that showed what was wrong with the product: a write that was given up came behind a later one; a bucket was released while a
    /// save of a dead run was on its way.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(761)]
    public void Run_SeedsThatFoundSomething_KeepEveryInvariant(int seed) =>
        Assert.Null(new Simulator(seed, gated: true).Run().Violation);
}
