using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;
using BucketProxy.Testing;

namespace BucketProxy.Tests.Commands.Import;

public sealed class ImportCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Task<CommandRun> ImportAsync(string text, string command = "import")
    {
        File.WriteAllText(_directory.Combine("proxy.conf"), text);
        return CommandRun.Of(command, _directory.Combine("proxy.conf"));
    }

    private static BucketProxySettings Load(string json)
    {
        var loaded = SettingsLoader.Load([FileLayer.Parse("result", json, [])!]);
        Assert.Empty(loaded.Errors.Select(e => e.ToString()));
        return loaded.Settings;
    }

    [Theory]
    [InlineData(Manuals.Nginx, new[] { "http://dtable-server:5000/", "http://dtable-server-2:5000/" }, "import")]
    [InlineData(Manuals.Nginx, new[] { "http://dtable-server:5000/", "http://dtable-server-2:5000/" }, "import-nginx")]
    [InlineData(Manuals.Caddy, new[] { "http://dtable-server:5000/", "http://dtable-server-2:5000/" }, "import")]
    public async Task Import_TheManualsSplit_IsTheSampleInConfig(string text, string[] urls, string command)
    {
        var run = await ImportAsync(text, command);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        var (made, sample) = (Load(run.Output), Load(File.ReadAllText(Repository.File("config", "two-servers.json"))));
        Assert.Equal(urls, made.Nodes.Select(n => n.LocalNodeUrl!.AbsoluteUri));
        // The sample's first server is dtable-server; ids go by the order in the file.
        Assert.Equal(sample.Placement.Ranges.Select(r => (r.Key, IsFirst: r.Value == "dtable-server-01")), made.Placement.Ranges.Select(r => (r.Key, IsFirst(r.Value))));
        Assert.Equal(["ff84e1a166e2"], made.Pins.Keys);
        Assert.Equal(sample.Data.Listen, made.Data.Listen);
        bool IsFirst(string id) => made.Nodes.Single(n => n.Id == id).LocalNodeUrl!.Host == "dtable-server";
    }

    [Fact]
    public async Task Import_ValuesInRange_BecomeSettingsAndTheProofIsSaid()
    {
        var run = await ImportAsync(Manuals.Nginx);
        var made = Load(run.Output);
        Assert.Equal((104_857_600L, TimeSpan.FromSeconds(600)), (made.Data.MaxBodySize.Bytes, made.Data.IdleTimeout));
        Assert.Contains("Proven for every UUID, in 14 kinds of request of SeaTable's programs: a base has the same server here as with nginx.", run.Error, StringComparison.Ordinal);
        Assert.Contains("A UUID of 32 hex digits, in a path: /api/v1/dtables/00000000000000000000000000000000/rows/ gets http://dtable-server:5000 there.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_ValuesOutOfRange_AreTakenToTheLimitWithARemark()
    {
        var run = await ImportAsync(Manuals.Nginx.Replace("proxy_read_timeout 600;", "proxy_read_timeout 30d; proxy_connect_timeout 1ms;", StringComparison.Ordinal));
        var made = Load(run.Output);
        Assert.Equal((TimeSpan.FromHours(24), TimeSpan.FromMilliseconds(10)), (made.Data.IdleTimeout, made.Data.ConnectTimeout));
        Assert.Contains("data.idleTimeout is 24h, the most that it may be: the file says 30d.", run.Error, StringComparison.Ordinal);
        Assert.Contains("data.connectTimeout is 10ms, the least that it may be: the file says 1ms.", run.Error, StringComparison.Ordinal);
    }

    // nginx's 0, and Caddy where it says nothing.
    [Fact]
    public async Task Import_NoLimitOfBodies_IsNone()
    {
        var run = await ImportAsync(Manuals.Nginx.Replace("client_max_body_size 100m;", "client_max_body_size 0;", StringComparison.Ordinal));
        Assert.Equal(0, Load(run.Output).Data.MaxBodySize.Bytes);
        Assert.Equal(0, Load((await ImportAsync(Manuals.Caddy.Replace("max_size 100MB", "max_size 0", StringComparison.Ordinal))).Output).Data.MaxBodySize.Bytes);
    }

    [Theory]
    [InlineData("location / {", "location /api/v2/ { proxy_pass http://dtable_server_a_z; } location / {", "goes to two places")]
    [InlineData("server dtable-server:5000;", "server dtable-server:5000; server dtable-server-3:5000;", "line 5: 'upstream dtable_server_a_z' has 2 servers")]
    [InlineData("server dtable-server:5000;", "server bad~name:5000;", "is no address of a server")]
    [InlineData("http {", "http { include more.conf;", "'include more.conf' cannot be read here")]
    public async Task Import_WhatIsNotProven_MakesNoConfiguration(string what, string instead, string expected)
    {
        var run = await ImportAsync(Manuals.Nginx.Replace(what, instead, StringComparison.Ordinal));
        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
        Assert.Contains("proxy.conf: NOT TAKEN OVER: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_WhatAFileIncludes_IsReadFromBesideIt()
    {
        Directory.CreateDirectory(_directory.Combine("maps"));
        await File.WriteAllTextAsync(_directory.Combine("maps/b.map"), "\uFEFF~*(dtables/|_uuid=|v1/(internal/)?)00 dtable_server_a_z;\r\n# a remark\r\n");
        var run = await ImportAsync(Manuals.Nginx.Replace("default dtable_server_a_z;", "default dtable_server_a_z; include maps/*.map;", StringComparison.Ordinal));
        Assert.Equal([("00", "dtable-server-01"), ("01-9f", "dtable-server-02"), ("a0-ff", "dtable-server-01")], Load(run.Output).Placement.Ranges.Select(r => (r.Key, r.Value)));

        await File.WriteAllTextAsync(_directory.Combine("maps/b.map"), "a b c;\n\n~( dtable_server_a_z;");
        run = await ImportAsync(Manuals.Nginx.Replace("default dtable_server_a_z;", "default dtable_server_a_z; include maps/*.map;", StringComparison.Ordinal));
        Assert.Contains("maps/b.map line 1: 'a b c' of the map is not understood", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_AFileThatIsNotThere_IsSaid()
    {
        var run = await CommandRun.Of("import", _directory.Combine("nothing"));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("nothing", run.Error, StringComparison.Ordinal);
    }
}
