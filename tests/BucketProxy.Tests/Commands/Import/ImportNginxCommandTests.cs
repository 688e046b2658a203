using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Tests.Commands.Import;

public sealed class ImportNginxCommandTests : IDisposable
{
    // The split of SeaTable's manual: first character of the UUID, and one base by hand.
    private const string Manual = """
        worker_processes auto;
        events { worker_connections 4096; }
        http {
          access_log off;
          upstream dtable_server_a_z { server dtable-server:5000; keepalive 15; }   # server 1
          upstream dtable_server_0_9 { server dtable-server-2:5000; keepalive 15; } # server 2
          map $request_uri $dtable_upstream {
            default dtable_server_a_z;
            "~*ff84e1a1-66e2" dtable_server_0_9;
            "~*([a-zA-Z])([0-9a-f]{7}-[0-9a-f]{4})" dtable_server_a_z;
            "~*([0-9])([0-9a-f]{7}-[0-9a-f]{4})" dtable_server_0_9;
          }
          server {
            server_name _;
            listen 5000;
            location / {
              proxy_pass http://$dtable_upstream;
              proxy_set_header Upgrade $http_upgrade;
              client_max_body_size 100m;
              proxy_read_timeout 600;
              gzip on;
            }
          }
        }
        """;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    private Task<CommandRun> ImportAsync(string text)
    {
        File.WriteAllText(_file, text);
        return CommandRun.Of("import-nginx", _file);
    }

    private static BucketProxySettings Load(string json)
    {
        var loaded = SettingsLoader.Load([FileLayer.Parse("result", json, [])!]);
        Assert.Empty(loaded.Errors.Select(e => e.ToString()));
        return loaded.Settings;
    }

    [Fact]
    public async Task Import_TheManualsMap_IsTheSampleInConfig()
    {
        var run = await ImportAsync(Manual);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        var (made, sample) = (Load(run.Output), Load(File.ReadAllText(Repository.File("config", "two-servers.json"))));
        // The sample's addresses are of one machine, so that it runs as it stands.
        Assert.Equal(sample.Nodes.Select(n => n.Id), made.Nodes.Select(n => n.Id));
        Assert.Equal(["http://dtable-server:5000/", "http://dtable-server-2:5000/"], made.Nodes.Select(n => n.LocalNodeUrl!.AbsoluteUri));
        Assert.Equal(sample.Placement.Ranges.AsEnumerable(), made.Placement.Ranges.AsEnumerable());
        Assert.Equal(sample.Pins.AsEnumerable(), made.Pins.AsEnumerable());
        Assert.Equal(sample.Data.Listen, made.Data.Listen);
        Assert.Equal((104_857_600L, TimeSpan.FromSeconds(600)), (made.Data.MaxBodySize.Bytes, made.Data.IdleTimeout));
    }

    [Fact]
    public async Task Import_WhatCannotBeTakenOver_IsSaid()
    {
        var run = await ImportAsync(Manual);
        Assert.Contains("nginx sends a request without a base's UUID to dtable_server_a_z.", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 21: 'gzip on' is left out: nothing stands for it here.", run.Error, StringComparison.Ordinal);
        Assert.Contains("'keepalive 15' is left out: connections to servers are kept by themselves", run.Error, StringComparison.Ordinal);
        Assert.Contains("Compared with nginx's own map for 10304 UUIDs: the same server for each.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_AnotherWayToWriteIt_ComesToTheSame()
    {
        var run = await ImportAsync("""
            http {
              upstream one { server 10.0.0.1:5000; }
              upstream two { server 10.0.0.2:5000; server 10.0.0.3:5000; }
              upstream unused { server 10.0.0.9:5000; }
              map $request_uri $target {
                ~dtable(s/|_uuid=)[0-3] one;
                ~dtable(s/|_uuid=)4[0-7] one;
                /exactly/this one;
                default two;
              }
              server { listen 127.0.0.1:5001; location / { proxy_pass http://$target$request_uri; } }
            }
            """);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        var made = Load(run.Output);
        Assert.Equal([("00-47", "dtable-server-01"), ("48-ff", "dtable-server-02")], made.Placement.Ranges.Select(r => (r.Key, r.Value)));
        Assert.Equal(["dtable-server-01", "dtable-server-02"], made.Nodes.Select(n => n.Id));
        Assert.Equal("127.0.0.1:5001", made.Data.Listen.ToString());
        Assert.Contains("upstream two has 2 servers. nginx sends one base to several of them, which loses data", run.Error, StringComparison.Ordinal);
        Assert.Contains("the entry '/exactly/this' is left out", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http { server { listen 80; } }", "no proxy_pass goes by a map")]
    [InlineData("map $request_uri $x { default a; } map $uri $y { default a; } location / { proxy_pass http://$x; proxy_pass http://$y; }", "several maps choose servers (lines 1, 1)")]
    [InlineData("map $host $x { default a; } location / { proxy_pass http://$x; }", "the map goes by $host; a base is named by $request_uri only")]
    [InlineData("map $request_uri $x { default a; } location / { proxy_pass http://$x; }", "bucket 00 goes to 'a', which is no upstream of this file")]
    [InlineData("upstream a { server h:1; } upstream b { server h:2; } map $request_uri $x { ~s/000 a; default b; } location / { proxy_pass http://$x; }", "bases of bucket 00 go to several servers (a, b)")]
    [InlineData("upstream a { server h:1; } map $request_uri $x { ~( a; } location / { proxy_pass http://$x; }", "the pattern '~(' cannot be read")]
    [InlineData("http {", "'http' of line 1 is not closed")]
    [InlineData("http { } }", "a '}' that closes nothing")]
    [InlineData("listen 80", "'listen' of line 1 does not end in ';'")]
    [InlineData("a 'b;", "a ' that is not closed")]
    public async Task Import_WhatIsNoSplitOfBases_IsRefusedWithTheReason(string text, string expected)
    {
        var run = await ImportAsync(text);
        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("~ff84e1a[0-3]")]
    [InlineData("~f[f]84e1a1-66e2")]
    public async Task Import_APatternForBasesThatCannotBeTried_IsNamedAndTheExitSaysSo(string pattern)
    {
        var run = await ImportAsync(Manual.Replace("\"~*ff84e1a1-66e2\"", pattern, StringComparison.Ordinal));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Empty(Load(run.Output).Pins);
        Assert.Contains($"line 9: NOT TAKEN OVER: no base that was tried came to '{pattern} dtable_server_0_9'.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_BracesWithoutEnd_EndInAMessage()
    {
        var run = await ImportAsync(string.Concat(Enumerable.Repeat("a {", 100_000)));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("more than 64 blocks in each other", run.Error, StringComparison.Ordinal);
    }
}
