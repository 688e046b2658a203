using BucketProxy.Etcd.Kv;

namespace BucketProxy.Etcd.Tests.Kv;

public sealed class KeyRangeTests
{
    [Theory]
    [InlineData("assign-", "assign.")]
    [InlineData("a", "b")]
    public void Prefix_OfText_EndsAtItsSuccessor(string prefix, string end)
    {
        Assert.Equal<EtcdBytes>(end, KeyRange.Prefix(prefix).End);
    }

    [Fact]
    public void Prefix_EndingInFf_CarriesOver()
    {
        var range = KeyRange.Prefix((byte[])[1, 0xff, 0xff]);
        Assert.Equal<EtcdBytes>((byte[])[2], range.End);
        Assert.True(range.Contains((byte[])[1, 0xff, 0xff, 7]));
        Assert.False(range.Contains((byte[])[2]));
    }

    [Fact]
    public void Prefix_OfOnlyFf_HasNoEnd()
    {
        var range = KeyRange.Prefix((byte[])[0xff]);
        Assert.Equal<EtcdBytes>((byte[])[0], range.End);
        Assert.True(range.Contains((byte[])[0xff, 0xff]));
        Assert.False(range.Contains((byte[])[0xfe]));
    }

    [Fact]
    public void Prefix_Empty_IsEveryKey() => Assert.Equal(KeyRange.All, KeyRange.Prefix(""));

    [Fact]
    public void Key_Contains_OnlyItself()
    {
        var range = KeyRange.Key("k");
        Assert.True(range.Contains("k"));
        Assert.False(range.Contains("k0"));
        Assert.False(range.Contains("j"));
    }

    [Fact]
    public void Key_Empty_Throws() => Assert.Throws<ArgumentException>(() => KeyRange.Key(""));

    [Fact]
    public void Between_EndBeforeFirst_Throws() => Assert.Throws<ArgumentException>(() => KeyRange.Between("b", "a"));

    [Fact]
    public void Span_OfTwoPrefixes_HoldsBothAndWhatLiesBetween()
    {
        var span = KeyRange.Prefix("dtable-server-").Span(KeyRange.Prefix("assign-"));
        Assert.Equal<EtcdBytes>("assign-", span.First);
        Assert.Equal<EtcdBytes>("dtable-server.", span.End);
        Assert.True(span.Contains("bucketproxy/x"));
    }

    [Fact]
    public void Span_WithSingleKey_HoldsTheKey()
    {
        var span = KeyRange.Key("z").Span(KeyRange.Prefix("a"));
        Assert.True(span.Contains("z"));
        Assert.False(span.Contains("z1"));
    }

    [Fact]
    public void Span_WithOpenRange_IsOpen()
    {
        var span = KeyRange.From("m").Span(KeyRange.Prefix("a"));
        Assert.True(span.Contains("zzz"));
        Assert.True(span.Contains("a"));
        Assert.False(span.Contains("A"));
    }
}
