using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Rules;
using BucketProxy.Monitor.Options;
using BucketProxy.Tests.Commands;

namespace BucketProxy.Tests.Configuration;

public sealed class SampleFilesTests
{
    public static TheoryData<string> Samples =>
        [.. Directory.EnumerateFiles(Repository.File("config"), "*.json").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static BucketProxySettings Load(string name)
    {
        var loaded = SettingsLoader.Load([Repository.File("config", name)], new Dictionary<string, string>(), []);
        Assert.Empty(loaded.Errors.Select(e => e.ToString()));
        return loaded.Settings;
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task CheckConfig_EverySample_IsAccepted(string name)
    {
        var run = await CommandRun.Of("check-config", Repository.File("config", name));
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public void TwoServers_SplitsAsTheNginxMapDoes()
    {
        var settings = Load("two-servers.json");
        var owners = StaticPlacement.Expand(settings.Placement.Ranges, (_, problem) => Assert.Fail(problem))!.Value;
        Assert.Equal(PlacementMode.Static, settings.Placement.Mode);
        Assert.All(Enumerable.Range(0x00, 0xa0), b => Assert.Equal("dtable-server-02", owners[b]));
        Assert.All(Enumerable.Range(0xa0, 0x60), b => Assert.Equal("dtable-server-01", owners[b]));
        Assert.Equal("dtable-server-02", settings.Pins["ff84e1a1-66e2"]);
        Assert.Equal(5000, settings.Data.Listen.Port);
    }

    [Fact]
    public void SeaTablesOwnFile_IsAWholeConfiguration()
    {
        var settings = Load("dtable_server_config.json");
        Assert.Equal(StoreKind.Etcd, settings.Store);
        Assert.Equal(3, settings.Etcd.Endpoints.Length);
        Assert.Equal([Role.Proxy, Role.Monitor], settings.Roles.AsEnumerable());
        Assert.Equal((5550, 5555), (settings.Data.Listen.Port, settings.Admin.Listen.Port));
    }

    [Fact]
    public void ProxyAndMonitor_TogetherHaveBothRoles() =>
        Assert.Equal([Role.Proxy, Role.Monitor], Load("proxy.json").Roles.Concat(Load("monitor.json").Roles));

    [Fact]
    public void EnvironmentOverFile_ClusterNameAndEndpoints()
    {
        var loaded = SettingsLoader.Load([Repository.File("config", "proxy.json")],
            new Dictionary<string, string> { ["BUCKETPROXY_CLUSTER"] = "east", ["BUCKETPROXY_ETCD__ENDPOINTS"] = "a,b" }, []);
        Assert.Empty(loaded.Errors);
        Assert.Equal("east", loaded.Settings.Cluster);
        Assert.Equal(["a", "b"], loaded.Settings.Etcd.Endpoints.AsEnumerable());
    }
}
