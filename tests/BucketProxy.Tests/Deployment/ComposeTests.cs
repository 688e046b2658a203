using System.Text.Json;
using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Values;

namespace BucketProxy.Tests.Deployment;

public sealed class ComposeTests
{
    private static readonly JsonElement Compose = Assert.Single(Yaml.Read(Repository.File("config", "docker-compose.yml")));

    private static IEnumerable<JsonProperty> Ours =>
        Compose.At("services").EnumerateObject().Where(s => s.Value.At("image").GetString() == "bucketproxy");

    [Fact]
    public async Task Services_OfOurs_RunWithSettingsThatAreAllowed()
    {
        Assert.Equal(["dtable-server-proxy", "cluster-monitor"], Ours.Select(s => s.Name));
        foreach (var service in Ours)
        {
            var variables = service.Value.At("environment").EnumerateObject().Select(v => (v.Name, v.Value.ToString())).ToArray();
            var flags = service.Value.At("command").Texts();
            Assert.Equal("serve", flags[0]);
            var run = await CommandRunOf(variables, flags[1..]);
            Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
            Assert.Contains($"{flags[^1]}.", run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Endpoints_OfOurs_AreTheMembersOfEtcd()
    {
        var members = Compose.At("services").EnumerateObject().Where(s => s.Name.StartsWith("etcd-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, members.Length);
        Assert.All(Ours, s => Assert.Equal(
            string.Join(',', members.Select(m => $"{m.Name}:2379")), s.Value.At("environment", "BUCKETPROXY_ETCD__ENDPOINTS").GetString()));
        Assert.All(members, m =>
        {
            Assert.Contains($"--name={m.Name}", m.Value.At("command").Texts());
            Assert.Contains($"--advertise-client-urls=http://{m.Name}:2379", m.Value.At("command").Texts());
            Assert.Contains("--initial-cluster=" + string.Join(',', members.Select(o => $"{o.Name}=http://{o.Name}:2380")), m.Value.At("command").Texts());
        });
    }

    [Fact]
    public void Services_OfOurs_HaveAReadOnlyRootAndTheTimeThatAStopTakes()
    {
        Assert.All(Ours, s =>
        {
            Assert.Equal("true", s.Value.At("read_only").ToString(), ignoreCase: true);
            Assert.True(int.Parse(s.Value.At("stop_grace_period").GetString()!.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture)
                > (new DataSettings().DrainGrace + DrainLimitOf(s.Value)).TotalSeconds);
            Assert.EndsWith(":/var/lib/bucketproxy", Assert.Single(s.Value.At("volumes").Texts()), StringComparison.Ordinal);
        });
    }

    // With what the image says by itself, except for folders that only the image has.
    [Fact]
    public async Task Gate_RunsWithSettingsThatAreAllowed()
    {
        var compose = Assert.Single(Yaml.Read(Repository.File("config", "docker-compose.gate.yml")));
        var gate = compose.At("services").EnumerateObject().Single();
        var image = await File.ReadAllTextAsync(Repository.File("config", "gate.Dockerfile"));
        Assert.Contains("BUCKETPROXY_GATE__COMMAND=node,--max-old-space-size=8192,dist/src/index.js ", image, StringComparison.Ordinal);
        (string, string)[] variables =
        [
            .. gate.Value.At("environment").EnumerateObject().Select(v => (v.Name, v.Value.ToString())),
            ("BUCKETPROXY_GATE__COMMAND", "node,--max-old-space-size=8192,dist/src/index.js"),
        ];

        var run = await CommandRunOf(variables, gate.Value.At("command").Texts()[1..]);

        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Equal(gate.Name, gate.Value.At("environment", "BUCKETPROXY_GATE__NODE").GetString());
        // Not the server's own port.
        Assert.DoesNotContain(gate.Value.At("ports").Texts(), p => p.EndsWith(":5000", StringComparison.Ordinal));
        Assert.True(int.Parse(gate.Value.At("stop_grace_period").GetString()!.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture)
            > (new BucketProxySettings().Data.DrainLimit + new GateSettings().SaveTime).TotalSeconds);
    }

    // SeaTable 6.2 has no file for these, and the program that the gate starts inherits them.
    [Fact]
    public void SeaTablesVariables_AreThoseOfItsManual()
    {
        var custom = Assert.Single(Yaml.Read(Repository.File("config", "custom-seatable-server.yml"))).At("services", "seatable-server", "environment");
        Assert.Equal(["INNER_DTABLE_SERVER_URL", "SAVE_INTERVAL"], custom.EnumerateObject().Select(v => v.Name));
        // Where the manual has its proxy.
        Assert.Equal("http://dtable-web:5000", custom.At("INNER_DTABLE_SERVER_URL").GetString());
        var gate = Assert.Single(Yaml.Read(Repository.File("config", "docker-compose.gate.yml"))).At("services").EnumerateObject().Single().Value;
        Assert.Equal(custom.At("SAVE_INTERVAL").ToString(), gate.At("environment", "SAVE_INTERVAL").ToString());
        // Each that it calls has an address.
        var known = gate.At("extra_hosts").Texts().Select(h => h.Split(':')[0]).ToArray();
        var called = gate.At("environment").EnumerateObject().Where(v => v.Name.StartsWith("INNER_", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["INNER_DTABLE_WEB_SERVICE_URL", "INNER_DTABLE_DB_URL", "INNER_DTABLE_STORAGE_SERVER_URL"], called.Select(v => v.Name));
        Assert.All(called, v => Assert.Contains(new Uri(v.Value.GetString()!).Host, known));
    }

    private static TimeSpan DrainLimitOf(System.Text.Json.JsonElement service) =>
        service.At("environment").TryGetProperty("BUCKETPROXY_DATA__DRAIN_LIMIT", out var own) && Duration.TryParse(own.GetString()!, out var limit)
            ? limit
            : new DataSettings().DrainLimit;

    // The settings of serve, judged by check-config: they are the same by construction.
    private static Task<Commands.CommandRun> CommandRunOf((string, string)[] variables, string[] flags) =>
        Commands.CommandRun.Of(variables, ["check-config", .. flags]);
}
