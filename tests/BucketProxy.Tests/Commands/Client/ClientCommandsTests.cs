using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Configuration;
using BucketProxy.Core.Bases;
using BucketProxy.Tests.Admin;
using BucketProxy.Tests.Hosting;

namespace BucketProxy.Tests.Commands.Client;

public sealed class ClientCommandsTests
{
    private static Task<CommandRun> RunAsync(AdminSite site, params string[] arguments) =>
        CommandRun.Of([("BUCKETPROXY_URL", site.Client.BaseAddress!.ToString())], arguments);

    [Fact]
    public async Task Status_WithAnAlarm_SaysWhatIsWrongAndWhatToDo()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentAlarms = [new AlarmReport("suspect-node", "dtable-server-02", "It answers but is not registered.", "Restart it.")];
        await site.PutAsync((AdminSite.Keys.Proxy("p1"), """{"address":"http://p1:5555"}"""));
        await site.FollowedAsync();
        var run = await RunAsync(site, "status");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("240 buckets open, 0 moving, 16 unassigned", run.Output, StringComparison.Ordinal);
        Assert.Contains("ALARM suspect-node (dtable-server-02): It answers but is not registered.\n      Restart it.\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"p1\s+LOST\s+serve", run.Output);
    }

    [Fact]
    public async Task Status_ClusterNotReadYet_SaysUnknownAndNotThatNothingStands()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        var run = await RunAsync(site, "status");
        Assert.Matches(@"leader\s+unknown\n", run.Output);
        Assert.Matches(@"moves\s+unknown\n", run.Output);
        Assert.Contains("Servers and proxies: unknown; this instance has not read the cluster's state yet.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("allowed", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("No dtable-server is registered", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusAndHealth_StoreIsSilent_SayForHowLongAndStayReady()
    {
        await using var site = await AdminSite.StartAsync();
        site.Change = status => status with { Connected = false, Age = TimeSpan.FromSeconds(12), LastError = "no answer within 2 s" };
        var status = await RunAsync(site, "status");
        Assert.Contains("NOTE store: stale for 12 s: no answer within 2 s.", status.Output, StringComparison.Ordinal);
        Assert.Contains("ALARM store-stale (instance-1): The store does not answer instance-1: no answer within 2 s.", status.Output, StringComparison.Ordinal);
        var health = await RunAsync(site, "health");
        Assert.Equal(ExitCode.Done, health.ExitCode);
        Assert.StartsWith("ready; store: stale for 12 s: no answer within 2 s.", health.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_Servers_ShowsWhatEachHasOfTheBuckets()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "status");
        Assert.Matches(@"dtable-server-01\s+128\s+50\.0 %\s+live", run.Output);
        Assert.Matches(@"dtable-server-02\s+112\s+43\.8 %\s+live", run.Output);
    }

    [Fact]
    public async Task Status_AsJson_IsTheAnswerItself()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "status", "--json");
        Assert.Equal("seatable", JsonDocument.Parse(run.Output).RootElement.GetProperty("cluster").GetString());
    }

    [Fact]
    public async Task Health_ReadyOrNot_IsTheExitCode()
    {
        await using var site = await AdminSite.StartAsync();
        const string noOwner = "buckets: 16 of 256 have no owner; requests for their bases wait, and get 503 when one does not come in time\n";
        Assert.Equal((ExitCode.Done, "ready; " + noOwner), (await RunAsync(site, "health")) is var ready ? (ready.ExitCode, ready.Output) : default);
        site.Stopping = "it is stopping";
        Assert.Equal((ExitCode.Failed, "not ready: it is stopping; " + noOwner), (await RunAsync(site, "health")) is var not ? (not.ExitCode, not.Output) : default);
    }

    [Fact]
    public async Task Nodes_WithNamesThatLookLikeMarkup_AreShownAsTheyAre()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Node("dtable-server-[red]x"), """{"local_node_url":"http://10.0.0.9/[bold]"}"""));
        await site.FollowedAsync();
        var run = await RunAsync(site, "nodes");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"dtable-server-01\s+live\s+128\s+0\s+1\s", run.Output);
        Assert.Contains("dtable-server-[red]x", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9f84e1a1-66e2-4000-8000-000000000001")]
    [InlineData("9F84E1A166E240008000000000000001")]
    [InlineData("https://seatable.example.com/dtable-server/api/v1/dtables/9f84e1a1-66e2-4000-8000-000000000001/rows/?x=1")]
    [InlineData("/api-gateway/socket.io/?dtable_uuid=9f84e1a1-66e2-4000-8000-000000000001&EIO=4")]
    public async Task Route_UuidOrAddress_NamesTheServer(string what)
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "route", what);
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"9f84e1a1-66e2-4000-8000-000000000001\s+9f\s+dtable-server-02\s+open", run.Output);
    }

    [Fact]
    public async Task Route_NobodyOwnsIt_Fails()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "route", "ff84e1a1-66e2-4000-8000-000000000001");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("unassigned", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Route_NoUuid_SaysWhereOneIsLookedFor()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "route", "/ping/");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("behind dtables/, or as dtable_uuid", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Moves_StandingAndPast_AreOneTable()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Move(new Bucket(0x70)), """{"from":"dtable-server-01","to":"dtable-server-02","phase":"release","reason":"drain","epoch":1}"""));
        await site.FollowedAsync();
        var run = await RunAsync(site, "moves");
        Assert.Matches(@"70\s+dtable-server-01\s+dtable-server-02\s+drain\s+release", run.Output);
        Assert.Matches(@"0f\s.*done.*6 ms\s+1 ms\s+2 ms\s+3 ms", run.Output);
    }

    [Fact]
    public async Task Audit_TheLastRecords_SayWhoOrderedWhat()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "audit", "--past", "2");
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(run.Output, @"1970-01-01 00:00:00Z\s+somebody\s+drain\s+dtable-server-01\s+.*true\s+maintenance"));
    }

    public static TheoryData<string, string> Orders => new()
    {
        { "drain dtable-server-01", "drain dtable-server-01 force=False" },
        { "drain dtable-server-01 --force", "drain dtable-server-01 force=True" },
        { "cordon dtable-server-01", "cordon dtable-server-01" },
        { "uncordon dtable-server-01", "uncordon dtable-server-01" },
        { "gone dtable-server-01", "gone dtable-server-01" },
        { "weight dtable-server-01 2.5", "weight dtable-server-01 2.5" },
        { "pin ff84e1a1-66e2 dtable-server-02", "pin ff84e1a1-66e2 dtable-server-02" },
        { "unpin ff84e1a1-66e2", "unpin ff84e1a1-66e2" },
        { "freeze maintenance", "freeze maintenance" },
        { "freeze", "freeze " },
        { "unfreeze", "unfreeze" },
        { "forget proxy-1", "forget proxy-1" },
        { "accept-store", "accept" },
        { "rebalance --dry-run", "rebalance dry=True plan=" },
        { "rebalance --plan p9", "rebalance dry=False plan=p9" },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Order_OfEachKind_ReachesTheClusterWithItsToken(string commandLine, string expected)
    {
        await using var site = await AdminSite.StartAsync(new AdminSettings { Token = "a-token-of-some-length" });
        var refused = await RunAsync(site, commandLine.Split(' '));
        Assert.Equal((ExitCode.Refused, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("BUCKETPROXY_TOKEN or --token-file", refused.Error, StringComparison.Ordinal);

        var run = await CommandRun.Of(
            [("BUCKETPROXY_URL", site.Client.BaseAddress!.ToString()), ("BUCKETPROXY_TOKEN", "a-token-of-some-length")], commandLine.Split(' '));
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Equal([expected], site.Desk.Orders);
    }

    [Fact]
    public async Task Rebalance_DryRun_SaysHowToOrderExactlyThese()
    {
        await using var site = await AdminSite.StartAsync();
        var run = await RunAsync(site, "rebalance", "--dry-run");
        Assert.Matches(@"0f\s+dtable-server-01\s+dtable-server-02\s+balance", run.Output);
        Assert.Contains("1 moves, none ordered. Order exactly these: bucketproxy rebalance --plan p1", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebalance_Wait_EndsWhenTheOrderHas()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Rebalance, """{"id":"p1","pending":[],"done":true}"""));
        await site.FollowedAsync();
        var run = await RunAsync(site, "rebalance", "--wait", "--json");
        // The one past move of the desk belongs to no order, so that nothing was moved by this one.
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.True(JsonDocument.Parse(run.Output).RootElement.GetProperty("done").GetBoolean());
    }

    [Fact]
    public async Task Rebalance_AnotherOrderTakesItsPlace_IsSaid()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Rebalance, """{"id":"p2","pending":[],"done":false}"""));
        await site.FollowedAsync();
        var run = await RunAsync(site, "rebalance", "--wait");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("Another order has taken this one's place.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Order_Refused_SaysWhatTheClusterSaid()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Refusal = new OrderRefusedException(RefusalKind.Conflict, "It has release 'none'. Set one.");
        var run = await RunAsync(site, "drain", "dtable-server-01");
        Assert.Equal((ExitCode.Refused, "Not now: It has release 'none'. Set one.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Drain_DryRun_SaysWhatItWouldCostAndOrdersNothing()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Remark = "dtable-server-01 is restarted once";
        var looked = await RunAsync(site, "drain", "dtable-server-01", "--dry-run");
        Assert.Equal((ExitCode.Done, "Not ordered: dtable-server-01 gives all its buckets away. dtable-server-01 is restarted once.\n"), (looked.ExitCode, looked.Output));
        Assert.Empty(site.Desk.Orders);
        await RunAsync(site, "drain", "dtable-server-01", "--force");
        Assert.Equal("drain dtable-server-01 force=True", Assert.Single(site.Desk.Orders));
    }

    [Fact]
    public async Task Watch_AnOwnerChanges_IsALine()
    {
        await using var site = await AdminSite.StartAsync();
        await using var output = new LineWriter();
        using var stop = new CancellationTokenSource();
        var environment = new CommandEnvironment
        {
            Output = CommandRun.PlainConsole(output),
            Error = TextWriter.Null,
            Variables = new Dictionary<string, string>(),
        };
        var running = CommandLine.RunAsync(["watch", "--url", site.Client.BaseAddress!.ToString()], environment, stop.Token);
        Assert.EndsWith("nobody owns 16 buckets", await output.NextLineAsync(), StringComparison.Ordinal);
        Assert.EndsWith("dtable-server-01 owns 128 buckets", await output.NextLineAsync(), StringComparison.Ordinal);
        Assert.EndsWith("dtable-server-02 owns 112 buckets", await output.NextLineAsync(), StringComparison.Ordinal);
        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(0x0f)), "dtable-server-02"));
        Assert.Contains("0f: dtable-server-01 -> dtable-server-02, epoch ", await output.NextLineAsync(), StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Done, await running);
    }

    [Fact]
    public async Task AnyCommand_NothingListens_SaysWhatToDo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        var run = await CommandRun.Of("status", "--url", $"http://127.0.0.1:{port}");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("Is a proxy or monitor running there? Name another one with --url or BUCKETPROXY_URL.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCommand_BadUrl_IsAWrongCommandLine()
    {
        var run = await CommandRun.Of("status", "--url", "proxy-1:5555");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("allowed: http://HOST:PORT", run.Error, StringComparison.Ordinal);
    }
}
