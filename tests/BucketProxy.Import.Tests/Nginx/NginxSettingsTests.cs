using BucketProxy.Import.Nginx;
using BucketProxy.Import.Tests.Support;

namespace BucketProxy.Import.Tests.Nginx;

public sealed class NginxSettingsTests
{
    // A second server of the file is not the one that proxies.
    [Theory]
    [InlineData("gzip on;", "gzip on; } } server { listen 8080; location / { return 404;", "*:5000")]
    [InlineData("access_log off;", "server { listen 8080; return 404; }", "*:5000")]
    [InlineData("listen 5000;", "listen 127.0.0.1:7000 default_server;", "127.0.0.1:7000")]
    [InlineData("listen 5000;", "listen 5000; listen [::]:5000;", "*:5000")]
    [InlineData("listen 5000;", "listen [::1]:5000;", "[::1]:5000")]
    [InlineData("listen 5000;", "", "*:80")]
    public void Read_Listen_IsThatOfTheServerThatProxies(string what, string instead, string expected) =>
        Assert.Equal(expected, Imports.Of(Imports.Nginx(what, instead)).Settings.Listen);

    [Fact]
    public void Read_ListenWithTls_TakesItsCertificate()
    {
        var settings = Imports.Of(Imports.Nginx("listen 5000;", "listen 443 ssl; ssl_certificate /etc/tls/chain.pem; ssl_certificate_key /etc/tls/key.pem; ssl_protocols TLSv1.3;")).Settings;
        Assert.Equal(("*:443", "/etc/tls/chain.pem", "/etc/tls/key.pem"), (settings.Listen, settings.CertificateFile, settings.KeyFile));
        Assert.Contains("listens with TLS and has no ssl_certificate", Imports.Refusal(Imports.Nginx("listen 5000;", "listen 443 ssl;")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("512", 512L)]
    [InlineData("64k", 65_536L)]
    [InlineData("2G", 2_147_483_648L)]
    public void Read_BodySize_IsNginxs(string size, long expected) =>
        Assert.Equal(expected, Imports.Of(Imports.Nginx("client_max_body_size 100m;", $"client_max_body_size {size};")).Settings.MaxBodySize);

    [Theory]
    [InlineData("600", 600_000)]
    [InlineData("90s", 90_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("'1h 30m 5'", 5_405_000)]
    [InlineData("500ms", 500)]
    public void Read_Timeout_IsNginxs(string time, double milliseconds) =>
        Assert.Equal(milliseconds, Imports.Of(Imports.Nginx("proxy_read_timeout 600;", $"proxy_read_timeout {time};")).Settings.IdleTimeout!.Value.TotalMilliseconds);

    [Theory]
    [InlineData("m5")]
    [InlineData("5x")]
    [InlineData("5s5m")]
    [InlineData("")]
    public void Time_WhatIsNone_IsNull(string time) => Assert.Null(NginxValues.Time(time));

    [Fact]
    public void Read_ValuesOfOuterBlocks_AreInherited()
    {
        var text = Imports.Nginx("client_max_body_size 100m;", "").Replace("server_name _;", "client_max_body_size 5m;", StringComparison.Ordinal).Replace("access_log off;", "client_max_body_size 7m; proxy_connect_timeout 4s;", StringComparison.Ordinal);
        var settings = Imports.Of(text).Settings;
        Assert.Equal((5L << 20, TimeSpan.FromSeconds(4)), (settings.MaxBodySize, settings.ConnectTimeout));
    }

    [Fact]
    public void Read_NoBodySize_SaysWhatIsDifferent() => Assert.Contains(
        "nginx takes request bodies up to 1m where client_max_body_size says nothing. Here up to data.maxBodySize, 100MB.", Imports.Of(Imports.Nginx("client_max_body_size 100m;", "")).Remarks);
}
