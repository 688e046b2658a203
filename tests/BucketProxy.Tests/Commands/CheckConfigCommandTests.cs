using BucketProxy.Commands;
using BucketProxy.Configuration.Schema;

namespace BucketProxy.Tests.Commands;

public sealed class CheckConfigCommandTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task CheckConfig_GoodFile_SaysWhatItAmountsTo()
    {
        File.WriteAllText(_file, """{ "store": "etcd", "etcd": { "endpoints": ["etcd-01"] }, "pins": { "ff84e1a1-66e2": "dtable-server-02" } }""");
        var run = await CommandRun.Of("check-config", _file);
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("The settings are allowed. Cluster 'seatable', proxy and monitor.\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("  pin        ff84e1a1-66e2 to dtable-server-02\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("Note: whoever reaches the admin port *:5555 may move buckets", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckConfig_BadFile_NamesEveryKeyAndExitsWithThree()
    {
        File.WriteAllText(_file, """{ "store": "etcd", "rolls": "proxy", "data": { "holdTime": 25 } }""");
        var run = await CommandRun.Of("check-config", _file);
        Assert.Equal((ExitCode.BadSettings, ""), (run.ExitCode, run.Output));
        Assert.Equal(
            [
                $"{_file}: data.holdTime: \"25\" is a number; allowed: a time with its unit (500ms, 25s, 5m, 24h), 1s to 300s.",
                $"{_file}: rolls: is no setting. Did you mean roles?",
                "etcd.endpoints: is missing: \"store\": \"etcd\" needs at least one host:port.",
                "3 settings are not allowed. All settings: docs/configuration.md, or bucketproxy check-config --document",
                "",
            ], run.Error.Split('\n'));
    }

    [Fact]
    public async Task CheckConfig_FlagsAndEnvironment_CountAsTheyDoForServe()
    {
        File.WriteAllText(_file, """{ "store": "embedded" }""");
        var run = await CommandRun.Of([("BUCKETPROXY_CONFIG", _file), ("BUCKETPROXY_CLUSTER", "east")],
            "check-config", "--store", "etcd", "--etcd", "etcd-01,etcd-02", "--set", "data.listen=127.0.0.1:7000", "--set", "nodes[0].id=dtable-server-01", "--set", "nodes[0].register=off");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("Cluster 'east'", run.Output, StringComparison.Ordinal);
        Assert.Contains("etcd: etcd-01, etcd-02\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("data port  127.0.0.1:7000\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("nodes      dtable-server-01\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckConfig_SetWithoutValue_IsAWrongCommandLine()
    {
        var run = await CommandRun.Of("check-config", "--set", "data.holdTime");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--set 'data.holdTime' is not allowed; allowed: KEY=VALUE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckConfig_Document_PrintsThePage()
    {
        var run = await CommandRun.Of("check-config", "--document");
        Assert.Equal(SettingsDocument.Write(), run.Output);
    }
}
