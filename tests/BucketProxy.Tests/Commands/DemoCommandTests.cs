using System.Net.Http.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Configuration;
using BucketProxy.Demo;
using BucketProxy.Tests.Hosting;

namespace BucketProxy.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task Demo_Set_IsWhatItRunsWith()
    {
        using var stop = new CancellationTokenSource();
        await using var output = new LineWriter();
        var environment = new CommandEnvironment
        {
            Output = CommandRun.PlainConsole(output),
            Error = TextWriter.Null,
            Variables = new Dictionary<string, string>(),
        };
        var running = CommandLine.RunAsync(["demo", "--port", "0", "--admin-port", "0", "--set", "cluster=elsewhere"], environment, stop.Token);
        string line;
        do
            line = await output.NextLineAsync();
        while (!line.StartsWith("operators ", StringComparison.Ordinal));

        using var client = new HttpClient { BaseAddress = new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) };
        var status = await client.GetFromJsonAsync<StatusReport>(new Uri("/api/status", UriKind.Relative), AdminJson.Options);

        Assert.Equal("elsewhere", status!.Cluster);
        await stop.CancelAsync();
        await running;
    }

    /// <summary>A node drained and brought back, another one's process killed before it has saved anything: judged by the nodes' own journals.</summary>
    [Fact]
    public async Task Demo_Once_KillsTheServerBehindTheGateAndLosesNothing()
    {
        var run = await CommandRun.Of("demo", "--once", "--port", "0", "--admin-port", "0");

        Assert.True(run.ExitCode == ExitCode.Done, run.Output + run.Error);
        Assert.Matches(@"kill -9 \d+, the process of dtable-server-03, with \d\d buckets", run.Output);
        Assert.Matches(@"they are open elsewhere after \d+\.\d s", run.Output);
        Assert.Contains("killed: 1;", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"demo: \d+ requests, 0 failed, 0 misrouted, 0 lost, 0 split, \d+ bases, \d+ moved", run.Output);
    }

    [Fact]
    public void Load_NothingSet_IsAnEmbeddedClusterOfThreeNodesOnLocalhostOneOfThemGated()
    {
        var loaded = DemoSettings.Load(5550, 5555, []);

        Assert.Empty(loaded.Errors);
        Assert.Equal(StoreKind.Embedded, loaded.Settings.Store);
        Assert.Equal(("127.0.0.1:5550", "127.0.0.1:5555"), (loaded.Settings.Data.Listen.ToString(), loaded.Settings.Admin.Listen.ToString()));
        Assert.Equal(["dtable-server-01", "dtable-server-02"], loaded.Settings.Nodes.Select(n => n.Id));
        Assert.Equal(("dtable-server-03", 3), (loaded.Settings.Gate.Node, loaded.Settings.Monitor.MinNodes));
        Assert.Equal([Role.Proxy, Role.Monitor, Role.Gate], loaded.Settings.Roles.Order());
    }

    [Fact]
    public void Load_SomethingSet_StandsOverTheDemonstrationsOwn()
    {
        var loaded = DemoSettings.Load(5550, 5555, [new("data.listen", "127.0.0.1:7000"), new("data.holdTime", "30s"), new("logging.level", "debug")]);

        Assert.Empty(loaded.Errors);
        Assert.Equal(
            ("127.0.0.1:7000", TimeSpan.FromSeconds(30), LogThreshold.Debug),
            (loaded.Settings.Data.Listen.ToString(), loaded.Settings.Data.HoldTime, loaded.Settings.Logging.Level));
    }

    [Theory]
    [InlineData("data.holdTimes=20s", "command line: data.holdTimes: is no setting. Did you mean data.holdTime?")]
    [InlineData("data.holdTime=20", "command line: data.holdTime: \"20\" is not allowed; allowed: ")]
    public async Task Demo_SettingThatIsNotAllowed_SaysWhatServeSays(string set, string expected)
    {
        var serve = await CommandRun.Of("serve", "--store", "etcd", "--etcd", "etcd-01", "--set", set);
        var demo = await CommandRun.Of("demo", "--set", set);

        Assert.StartsWith(expected, demo.Error, StringComparison.Ordinal);
        Assert.Equal((ExitCode.BadSettings, serve.Error, ""), (demo.ExitCode, demo.Error, demo.Output));
        Assert.Equal(serve.ExitCode, demo.ExitCode);
    }

    [Fact]
    public async Task Demo_SetWithoutValue_IsAWrongCommandLine()
    {
        var run = await CommandRun.Of("demo", "--set", "data.holdTime");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--set 'data.holdTime' is not allowed; allowed: KEY=VALUE", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("store=etcd")]
    [InlineData("dataDirectory=/tmp")]
    [InlineData("Roles=monitor")]
    [InlineData("nodes[0].weight=2")]
    [InlineData("gate.leaseTimeToLive=5s")]
    public async Task Demo_WhatMakesItTheDemonstration_IsRefused(string set)
    {
        var run = await CommandRun.Of("demo", "--set", set);

        var (key, value) = (set.Split('=')[0], set.Split('=')[1]);
        Assert.Equal(ExitCode.BadSettings, run.ExitCode);
        Assert.Equal(
            [
                $"command line: {key}: \"{value}\" is not allowed: the demonstration has its own store, dataDirectory, roles, nodes, gate.",
                "1 setting is not allowed. All settings: docs/configuration.md, or bucketproxy check-config --document",
                "",
            ], run.Error.Split('\n'));
    }
}
