using BucketProxy.SystemTest;

namespace BucketProxy.Tests.SystemTests;

/// <summary>The system test for a short while; the long one is a command, see <c>tests/BucketProxy.SystemTest/DESIGN.md</c>.</summary>
public sealed class SystemRunTests
{
    [Fact]
    public async Task Run_DisturbedInEveryWay_LosesNothingAndFailsNothing()
    {
        await using var output = new StringWriter();

        var report = await SystemRun.RunAsync(new SystemTestOptions { Duration = TimeSpan.FromSeconds(40), Bases = 300, Sockets = 100, Rate = 100 }, output);

        Assert.True(report.Passed, $"{output}{report}");
    }

    /// <summary>The run above can fail: without hand-off the same checker finds lost rows.</summary>
    [Fact]
    public async Task Run_WithoutHandOff_LosesRows()
    {
        await using var output = new StringWriter();

        var report = await SystemRun.RunAsync(
            new SystemTestOptions { HandOff = false, Duration = TimeSpan.FromSeconds(5), Bases = 60, Sockets = 10, Rate = 60, Proxies = 1, Monitors = 1, EtcdMembers = 1 }, output);

        Assert.True(report.Ownership is { Lost: > 0, DoubleOpens.Count: > 0 }, $"{output}{report}");
    }
}
