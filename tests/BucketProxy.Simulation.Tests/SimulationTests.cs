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

    [Fact]
    public void Run_SameSeed_IsTheSameRun()
    {
        var (first, second) = (new StringWriter(), new StringWriter());
        var one = new Simulator(7, trace: first).Run();
        var two = new Simulator(7, trace: second).Run();
        Assert.Equal(one with { Violation = null }, two with { Violation = null });
        Assert.Equal(first.ToString(), second.ToString());
    }

    /// <summary>Seeds found by the command <c>mutations</c>: with the guard in place they pass, without it they fail.</summary>
    [Theory]
    [InlineData("GrantWithoutSilence")]
    [InlineData("GrantWithoutRelease")]
    [InlineData("ForgetUnclean")]
    [InlineData("TrustNewLease")]
    [InlineData("NeverAbort")]
    public void Run_GuardTakenOut_IsCaughtSoon(string name) =>
        Assert.NotEmpty(Runs.Many(1, 150, Mutation.All.Single(m => m.Name == name), stopAtFirst: true).Violations);
}
