using BucketProxy.SystemTest;
using BucketProxy.SystemTest.Drain;
using BucketProxy.SystemTest.Gates;
using BucketProxy.SystemTest.TwoServers;

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

    [Fact]
    public async Task Run_ProxiesRestartedOneAfterTheOther_FailsNothing()
    {
        await using var output = new StringWriter();

        var report = await SystemRun.RunAsync(
            new SystemTestOptions { Only = "restart the proxies", PlannedOnly = true, Duration = TimeSpan.FromSeconds(8), Bases = 100, Sockets = 50, Rate = 100, EtcdMembers = 1, Monitors = 1 },
            output);

        Assert.True(report.Passed, $"{output}{report}");
        Assert.True(report.Disturbances > 0 && report.Reconnects > 0, $"{output}{report}");
    }

    [Fact]
    public async Task Drain_UnderLoad_FailsNothingAndMovesEveryBucketOnce()
    {
        var report = await DrainRun.RunAsync(
            new SystemTestOptions { Bases = 100, Rate = 100, Proxies = 2, EtcdMembers = 1, Monitors = 1 }, "dtable-server-02");

        Assert.True(report.Passed, report.ToString());
        Assert.Equal(64, report.Owned);
    }

    /// <summary>
    /// Each kind of loss that a gate is for, once; frozen for longer than its lease. Then servers with and without a gate side by side, each moved by its own rules: what a gate
    /// does not run waits for its gate.
    /// </summary>
    [Theory]
    [InlineData(GateRunKind.Supervised)]
    [InlineData(GateRunKind.Mixed)]
    public async Task Gates_KilledFrozenAndCutOff_LoseNothingAndHoldNothingTwice(GateRunKind kind)
    {
        await using var output = new StringWriter();

        var report = await GateRun.RunAsync(new GateRunOptions { Bases = 100, Rate = 60, Kind = kind, Freeze = TimeSpan.FromSeconds(16) }, output);

        Assert.True(report.Passed, $"{output}{report}");
    }

    /// <summary>The runs before can fail. Where the fuse does nothing, or a gate does not run the server that it says it runs, that server lives on, and the same checker finds what it does.</summary>
    [Theory]
    [InlineData(GateRunKind.WithoutFuse)]
    [InlineData(GateRunKind.WithoutSupervision)]
    public async Task Gates_WithAGuardOut_TheCheckerFindsTheServerThatShouldBeDead(GateRunKind kind)
    {
        await using var output = new StringWriter();

        var report = await GateRun.RunAsync(new GateRunOptions { Bases = 60, Rate = 40, Kind = kind }, output);

        Assert.True(report.Ownership is { ForeignSaves.Count: > 0, DoubleOpens.Count: > 0 }, $"{output}{report}");
    }

    /// <summary>
    /// Servers that follow nothing: with gates, bases change sides and nothing is lost; each order says beforehand what it costs. Behind nginx, the same checker and the
    /// same users find what a change of the map alone does.
    /// </summary>
    [Fact]
    public async Task TwoServers_BasesChangeSides_LoseNothingWithGatesAndSomethingByAReload()
    {
        await using var output = new StringWriter();

        var report = await TwoServersRun.RunAsync(new TwoServersOptions { Bases = 40, Rate = 20, Sockets = 10 }, output);

        Assert.True(report.HasControl, $"{output}{report}");
        Assert.True(report.Gates.IsClean, $"{output}{report}");
        Assert.True(report.Restart is { Rows: > 0, Changes.Count: 3 }, $"{output}{report}");
    }

    /// <summary>The first run can fail: without hand-off the same checker finds lost rows.</summary>
    [Fact]
    public async Task Run_WithoutHandOff_LosesRows()
    {
        await using var output = new StringWriter();

        var report = await SystemRun.RunAsync(
            new SystemTestOptions { HandOff = false, Duration = TimeSpan.FromSeconds(5), Bases = 60, Sockets = 10, Rate = 60, Proxies = 1, Monitors = 1, EtcdMembers = 1 }, output);

        Assert.True(report.Ownership is { Lost: > 0, DoubleOpens.Count: > 0 }, $"{output}{report}");
    }
}
