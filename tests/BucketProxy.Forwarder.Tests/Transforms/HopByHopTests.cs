using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Forwarder.Tests.Transforms;

public sealed class HopByHopTests
{
    [Theory]
    [InlineData("keep-alive", "")]
    [InlineData("Close", "")]
    [InlineData("upgrade", "")]
    [InlineData("keep-alive, X-Secret", "X-Secret")]
    [InlineData(" X-A ,keep-alive,,X-B", "X-A X-B")]
    [InlineData("", "")]
    public void Nominated_Values_NamesBeyondTheUsual(string value, string expected)
    {
        var names = HopByHop.Nominated(value);

        Assert.Equal(expected, string.Join(' ', names ?? []));
        if (expected.Length > 0)
            Assert.Contains(expected.Split(' ')[0].ToUpperInvariant(), names!);
    }

    [Fact]
    public void Nominated_SeveralHeaders_All() =>
        Assert.Equal(["X-A", "X-B"], HopByHop.Nominated(new StringValues(["X-A", "close, X-B"]))!);

    [Theory]
    [InlineData("trailers", true)]
    [InlineData("gzip, Trailers", true)]
    [InlineData("gzip", false)]
    [InlineData("xtrailers", false)]
    public void TakesTrailers_Te_OnlyTheWord(string te, bool expected) =>
        Assert.Equal(expected, HopByHop.TakesTrailers(new HeaderDictionary { ["TE"] = te }));

    [Theory]
    [InlineData("te")]
    [InlineData("HOST")]
    [InlineData("expect")]
    [InlineData("http2-settings")]
    [InlineData("transfer-encoding")]
    [InlineData(":authority")]
    public void IsRequestOnly_AnyCase_True(string name) => Assert.True(HopByHop.IsRequestOnly(name));

    [Theory]
    [InlineData("Cookie")]
    [InlineData("Authorization")]
    [InlineData("Content-Length")]
    [InlineData("Sec-WebSocket-Key")]
    [InlineData("")]
    public void IsRequestOnly_EndToEnd_False(string name) => Assert.False(HopByHop.IsRequestOnly(name));
}
