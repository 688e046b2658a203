namespace BucketProxy.Etcd.Tests;

public sealed class EtcdEndpointTests
{
    [Theory]
    [InlineData("etcd-01.example.com", false, "http://etcd-01.example.com:2379")]
    [InlineData("etcd-01.example.com:4001", false, "http://etcd-01.example.com:4001")]
    [InlineData("etcd-01", true, "https://etcd-01:2379")]
    [InlineData("http://10.0.0.7", true, "http://10.0.0.7:2379")]
    [InlineData("https://10.0.0.7:443", false, "https://10.0.0.7:443")]
    [InlineData("http://10.0.0.7:80/", false, "http://10.0.0.7:80")]
    [InlineData("[::1]:2379", false, "http://[::1]:2379")]
    [InlineData("[::1]", false, "http://[::1]:2379")]
    [InlineData("  10.0.0.7:2379 ", false, "http://10.0.0.7:2379")]
    public void Parse_Allowed_FillsInSchemeAndPort(string text, bool tls, string expected)
    {
        Assert.Equal(expected, EtcdEndpoint.Parse(text, tls).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ftp://x")]
    [InlineData("http://x/path")]
    [InlineData("http://user@x")]
    [InlineData("x:99999")]
    [InlineData("x:0")]
    [InlineData("http://x?q")]
    [InlineData("a b")]
    public void Parse_NotAllowed_SaysWhatIs(string text)
    {
        var error = Assert.Throws<FormatException>(() => EtcdEndpoint.Parse(text));
        Assert.Contains("host:port", error.Message, StringComparison.Ordinal);
    }
}
