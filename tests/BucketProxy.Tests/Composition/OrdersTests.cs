using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands;
using BucketProxy.Tests.Commands;

namespace BucketProxy.Tests.Composition;

/// <summary>Orders from the command line, through the operators' port, to a real monitor and back.</summary>
public sealed class OrdersTests
{
    [Fact]
    public async Task DrainThenRebalance_ByCommands_MovesEveryBucketAwayAndTheFewestBack()
    {
        await using var served = await ServedInstance.StartAsync(nodes: 2);

        var drain = await served.RunAsync("drain", "dtable-server-02");
        Assert.Equal((ExitCode.Done, ""), (drain.ExitCode, drain.Error));
        await served.UntilAsync(c => c.Moves.Count == 0 && c.Buckets.All(b => b.Node == "dtable-server-01"));

        Assert.Equal(ExitCode.Done, (await served.RunAsync("uncordon", "dtable-server-02")).ExitCode);
        var preview = Read(await served.RunAsync("rebalance", "--dry-run", "--json"));
        Assert.Equal((128, true), (preview.Moves.Count, preview.DryRun));

        var done = Read(await served.RunAsync("rebalance", "--plan", preview.Plan, "--wait", "--json"));
        Assert.True(done.Done);
        Assert.Equal(preview.Moves.Select(m => m.Bucket).Order(StringComparer.Ordinal), done.Outcome!.Select(m => m.Bucket).Order(StringComparer.Ordinal));
        Assert.All(done.Outcome!, m => Assert.Equal(("done", "dtable-server-01", "dtable-server-02"), (m.Phase, m.From, m.To)));

        // Every order and every move is on record: who, what, before, after.
        var audit = await served.GetAsync<AuditReport[]>("/api/audit?past=1000");
        var order = Assert.Single(audit, r => r.What == "drain");
        Assert.StartsWith("admin port, from 127.0.0.1", order.By, StringComparison.Ordinal);
        Assert.Equal(("dtable-server-02", true), (order.Subject!, order.After!.Value.GetProperty("draining").GetBoolean()));
        Assert.Equal(256, audit.Count(r => r.What == "move"));
        Assert.All(audit.Where(r => r.What == "move"), r => Assert.NotEqual(r.Before!.Value.GetString(), r.After!.Value.GetString()));

        // A plan that rests on what is no longer so is not ordered.
        Assert.Equal(ExitCode.Done, (await served.RunAsync("cordon", "dtable-server-01")).ExitCode);
        var old = await served.RunAsync("rebalance", "--plan", "0123456789abcdef");
        Assert.Equal(ExitCode.Refused, old.ExitCode);
        Assert.StartsWith("Changed since the preview: ", old.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeJoins_ThenRebalance_MovesItsShareAndNothingElse()
    {
        await using var served = await ServedInstance.StartAsync(nodes: 3, joins: true);
        var before = await CountsAsync(served);
        Assert.Equal([85, 85, 86], before.Values.Order());

        var joined = await served.JoinAsync();
        using var client = new HttpClient { BaseAddress = new Uri(served.AdminUrl), Timeout = TimeSpan.FromMinutes(2) };
        using var answer = await client.PostAsync(new Uri("/rebalance/?wait=true", UriKind.Relative), null);
        var report = JsonSerializer.Deserialize<RebalanceReport>(await answer.Content.ReadAsStringAsync(), AdminJson.Options)!;

        // C2: the least that makes four of 64 out of three of 85 or 86.
        Assert.Equal(64, report.Moves.Count);
        Assert.Equal(64, report.Moves.DistinctBy(m => m.Bucket).Count());
        Assert.All(report.Moves, m => Assert.Equal(joined, m.To));
        Assert.All(report.Outcome!, m => Assert.Equal("done", m.Phase));
        var after = await CountsAsync(served);
        Assert.Equal(4, after.Count);
        Assert.All(after.Values, count => Assert.Equal(64, count));
    }

    [Fact]
    public async Task Pin_ByCommand_MovesThatBaseAlone_AndRequestsFollowIt()
    {
        await using var served = await ServedInstance.StartAsync(nodes: 2);
        const string pinned = "ff84e1a1-66e2-4000-8000-000000000001";
        const string neighbour = "ff000000-66e2-4000-8000-000000000001";
        var before = await RouteAsync(served, pinned);
        var other = before.Node == "dtable-server-01" ? "dtable-server-02" : "dtable-server-01";

        Assert.Equal(ExitCode.Done, (await served.RunAsync("pin", "ff84e1a1-66e2", other)).ExitCode);
        // Granted where it is, then moved.
        await served.UntilAsync(c => c.Moves.Count == 0 && c.Pins.Any(p => p.Node == other && p.State == "open"));

        var after = await RouteAsync(served, pinned);
        Assert.Equal((other, before.Node), (after.Node, (await RouteAsync(served, neighbour)).Node));
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{served.DataUrl}/api/v1/dtables/{pinned}/metadata/"));
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}");
    }

    [Theory]
    [InlineData("drain", "dtable-server-99", "Not there: ")]
    [InlineData("unpin", "ff84e1a1", "Not there: ")]
    [InlineData("weight", "dtable-server-01 0", "Not allowed: ")]
    public async Task Order_ThatTheMonitorRefuses_SaysWhy(string command, string arguments, string expected)
    {
        await using var served = await ServedInstance.StartAsync(nodes: 1);
        var run = await served.RunAsync([command, .. arguments.Split(' ')]);
        Assert.Equal((ExitCode.Refused, ""), (run.ExitCode, run.Output));
        Assert.StartsWith(expected, run.Error, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, int>> CountsAsync(ServedInstance served) =>
        (await served.GetAsync<BucketReport[]>("/api/buckets"))
            .CountBy(b => b.Node!).ToDictionary(StringComparer.Ordinal);

    private static RebalanceReport Read(CommandRun run)
    {
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        return JsonSerializer.Deserialize<RebalanceReport>(run.Output, AdminJson.Options)!;
    }

    private static async Task<BaseReport> RouteAsync(ServedInstance served, string id) =>
        JsonSerializer.Deserialize<BaseReport>((await served.RunAsync("route", id, "--json")).Output, AdminJson.Options)!;
}
