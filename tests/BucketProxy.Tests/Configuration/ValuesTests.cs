using BucketProxy.Configuration.Values;

namespace BucketProxy.Tests.Configuration;

public sealed class ValuesTests
{
    [Theory]
    [InlineData("25s", 25_000, "25s")]
    [InlineData("500ms", 500, "500ms")]
    [InlineData("1.5 s", 1_500, "1500ms")]
    [InlineData("90S", 90_000, "90s")]
    [InlineData("5m", 300_000, "5m")]
    [InlineData("24h", 86_400_000, "1d")]
    [InlineData("0s", 0, "0ms")]
    [InlineData("0.41s", 410, "410ms")]
    [InlineData("1.14s", 1_140, "1140ms")]
    public void Duration_WithUnit_IsReadAndWritten(string text, int milliseconds, string formatted)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
        Assert.Equal(formatted, Duration.Format(duration));
    }

    [Theory]
    [InlineData("25")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 parsecs")]
    [InlineData("1e400d")]
    [InlineData("99999999999999d")]
    [InlineData("")]
    public void Duration_WithoutUnitOrNumber_IsRefused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("100MB", 104_857_600, "100MB")]
    [InlineData("64 kb", 65_536, "64KB")]
    [InlineData("1000B", 1_000, "1000B")]
    [InlineData("0B", 0, "0B")]
    public void ByteSize_WithUnit_IsReadAndWritten(string text, long bytes, string formatted)
    {
        Assert.True(ByteSize.TryParse(text, out var size));
        Assert.Equal(bytes, size.Bytes);
        Assert.Equal(formatted, size.ToString());
    }

    [Theory]
    [InlineData("100")]
    [InlineData("MB")]
    [InlineData("-1MB")]
    [InlineData("9999999999999GB")]
    public void ByteSize_WithoutUnitOrTooLarge_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData("5550", "*:5550", false)]
    [InlineData("*:5550", "*:5550", false)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", true)]
    [InlineData("localhost:5555", "127.0.0.1:5555", true)]
    [InlineData("[::1]:5555", "[::1]:5555", true)]
    [InlineData("10.0.0.2:5550", "10.0.0.2:5550", false)]
    public void ListenAddress_AllForms_AreRead(string text, string formatted, bool loopback)
    {
        Assert.True(ListenAddress.TryParse(text, out var address));
        Assert.Equal(formatted, address.ToString());
        Assert.Equal(loopback, address.IsLoopback);
    }

    [Theory]
    [InlineData("example.com:5550")]
    [InlineData("::1:5550")]
    [InlineData("*:70000")]
    [InlineData("1:5550")]
    [InlineData("*:")]
    [InlineData("[10.0.0.1]:80")]
    [InlineData("[[::1]]:80")]
    [InlineData("[[::1]:81]:80")]
    [InlineData("010.0.0.1:80")]
    [InlineData("0x7f.0.0.1:80")]
    public void ListenAddress_AnythingElse_IsRefused(string text) => Assert.False(ListenAddress.TryParse(text, out _));
}
