using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Tests.Options;

public sealed class MonitorOptionsTests
{
    private static readonly NodeOptions Node = new() { Id = "dtable-server-01", LocalNodeUrl = "http://10.0.0.1:5000" };

    [Fact]
    public void Validate_Defaults_NothingWrong() => Assert.Empty(new MonitorOptions().Validate());

    public static TheoryData<MonitorOptions, string> Wrong => new()
    {
        { new MonitorOptions { MinNodes = 0 }, "minNodes: '0' is not allowed" },
        { new MonitorOptions { ParallelMoves = 65 }, "parallelMoves: '65'" },
        { new MonitorOptions { LeaderMargin = TimeSpan.FromSeconds(5) }, "leaderMargin" },
        { new MonitorOptions { Hold = TimeSpan.FromSeconds(21) }, "hold: '00:00:21'" },
        { new MonitorOptions { LateSaveTime = TimeSpan.FromSeconds(61) }, "lateSaveTime: '00:01:01'" },
        { new MonitorOptions { RetryPauseLimit = TimeSpan.FromSeconds(1) }, "retryPauseLimit" },
        { new MonitorOptions { ReleasePath = "release" }, "releasePath" },
        { new MonitorOptions { Nodes = [Node, Node] }, "nodes: 'dtable-server-01' is not allowed; allowed: each id once" },
        { new MonitorOptions { Nodes = [Node with { Id = "server-1" }] }, "nodes[server-1].id" },
        { new MonitorOptions { Nodes = [Node with { LocalNodeUrl = "ftp://x" }] }, "nodes[dtable-server-01].localNodeUrl" },
        { new MonitorOptions { Nodes = [Node with { LocalNodeUrl = null }] }, "nodes[dtable-server-01].localNodeUrl" },
        { new MonitorOptions { Nodes = [Node with { Weight = 0 }] }, "nodes[dtable-server-01].weight: '0'" },
        { new MonitorOptions { Nodes = [Node with { Release = ReleaseMode.Restart }] }, "restartCommand" },
        { Static(("0-9", Node.Id)), "placement.ranges: 'nothing for a0,a1,a2,a3…'" },
        { Static(("0-f", Node.Id), ("ff", Node.Id)), "placement.ranges: 'ff… twice'" },
        { Static(("0-f", "dtable-server-09")), "placement.ranges[00-ff]: 'dtable-server-09'" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void Validate_OneThingWrong_NamesKeyValueAndWhatIsAllowed(MonitorOptions options, string expected) =>
        Assert.Contains(expected, Assert.Single(options.Validate()), StringComparison.Ordinal);

    [Fact]
    public void Validate_StaticRangesThatCoverAll_NothingWrong() =>
        Assert.Empty(Static(("0-9", Node.Id), ("a-f", Node.Id)).Validate());

    [Theory]
    [InlineData("0-9", 0x00, 0x9f)]
    [InlineData("a", 0xa0, 0xaf)]
    [InlineData("ff", 0xff, 0xff)]
    [InlineData("00-7f", 0x00, 0x7f)]
    public void TryParse_Range_ReadsBothEnds(string text, int from, int to)
    {
        Assert.True(StaticRange.TryParse(text, Node.Id, out var range));
        Assert.Equal((new Bucket((byte)from), new Bucket((byte)to)), (range.From, range.To));
    }

    [Theory]
    [InlineData("")]
    [InlineData("g")]
    [InlineData("9-0")]
    [InlineData("000-1ff")]
    [InlineData("0-9-f")]
    public void TryParse_NoRange_Refused(string text) => Assert.False(StaticRange.TryParse(text, Node.Id, out _));

    private static MonitorOptions Static(params (string Range, string Node)[] ranges) => new()
    {
        Nodes = [Node],
        Placement = new PlacementOptions
        {
            Mode = PlacementMode.Static,
            Ranges = [.. ranges.Select(r => StaticRange.TryParse(r.Range, r.Node, out var range) ? range : throw new FormatException())],
        },
    };
}
