using BucketProxy.Configuration.Rules;

namespace BucketProxy.Tests.Configuration;

public sealed class StaticPlacementTests
{
    private static (IReadOnlyList<string>? Owners, string[] Problems) Expand(params (string Range, string Node)[] ranges)
    {
        var problems = new List<string>();
        var owners = StaticPlacement.Expand(
            ranges.ToDictionary(r => r.Range, r => r.Node), (range, problem) => problems.Add($"{range}: {problem}"));
        return (owners, [.. problems]);
    }

    [Fact]
    public void Expand_FirstDigits_CoverSixteenBucketsEach()
    {
        var (owners, problems) = Expand(("0-9", "two"), ("a-f", "one"));
        Assert.Empty(problems);
        Assert.Equal(256, owners!.Count);
        Assert.Equal("two", owners[0x00]);
        Assert.Equal("two", owners[0x9f]);
        Assert.Equal("one", owners[0xa0]);
        Assert.Equal("one", owners[0xff]);
    }

    [Fact]
    public void Expand_BucketsAndDigitsMixed_CoverExactly()
    {
        var (owners, problems) = Expand(("00-7f", "a"), ("8", "b"), ("9-E", "c"), ("f0-FE", "d"), ("ff", "e"));
        Assert.Empty(problems);
        Assert.Equal(["a", "b", "c", "d", "e"], owners!.Distinct());
        Assert.Equal("d", owners![0xfe]);
    }

    [Fact]
    public void Expand_Gap_NamesTheBuckets()
    {
        var (owners, problems) = Expand(("0-8", "a"), ("a-e", "b"), ("f0-fe", "b"));
        Assert.Null(owners);
        Assert.Equal([": leaves buckets 90-9f, bucket ff without a server; every bucket must be covered exactly once."], problems);
    }

    [Fact]
    public void Expand_Overlap_NamesBothRangesAndTheBuckets()
    {
        var (owners, problems) = Expand(("0-9", "a"), ("98-ff", "b"));
        Assert.Null(owners);
        Assert.Equal(["98-ff: overlaps '0-9' in buckets 98-9f; every bucket must be covered exactly once."], problems);
    }

    [Theory]
    [InlineData("9-0")]
    [InlineData("0-ff")]
    [InlineData("g")]
    [InlineData("000-fff")]
    [InlineData("0-5-f")]
    [InlineData("")]
    [InlineData("-")]
    public void Expand_BadRange_IsRefused(string range)
    {
        var (owners, problems) = Expand((range, "a"));
        Assert.Null(owners);
        Assert.StartsWith($"{range}: is not allowed; allowed: a range of first hex digits", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_StaticPlacementInAFile_IsReportedByKey() =>
        Assert.Equal(
        [
            "test.json: placement.ranges.8-f: overlaps '0-9' in buckets 80-9f; every bucket must be covered exactly once.",
            "test.json: placement.ranges.8-f: \"dtable-server-2\" is not among the nodes; known: dtable-server-01.",
        ],
        Loading.Errors($$"""
            { {{Loading.OneNode}}, "placement": { "mode": "static", "ranges": { "0-9": "dtable-server-01", "8-f": "dtable-server-2" } } }
            """));

    [Fact]
    public void Check_RangesWithoutStatic_AreRefused() =>
        Assert.Equal(["test.json: placement.ranges: is given, but placement.mode is 'balanced'; allowed with 'static' only."],
            Loading.Errors($$"""{ {{Loading.OneNode}}, "placement": { "ranges": { "0-f": "dtable-server-01" } } }"""));
}
