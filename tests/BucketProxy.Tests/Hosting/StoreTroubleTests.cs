using System.Diagnostics;
using System.Globalization;
using System.Net;
using BucketProxy.Admin.Contract;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using BucketProxy.Tests.Commands;

namespace BucketProxy.Tests.Hosting;

/// <summary><c>serve</c> in front of a real etcd that refuses, or that is frozen.</summary>
public sealed class StoreTroubleTests
{
    [Fact]
    public async Task Serve_WrongPassword_SaysSoEverywhereOnceAndAsksInPausesThatGrow()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        await ControlAsync(etcd, "user", "add", "root:right");
        await ControlAsync(etcd, "user", "grant-role", "root", "root");
        await ControlAsync(etcd, "auth", "enable");
        using var folder = new TemporaryDirectory();
        await using var serve = await ServeChild.StartAsync(folder, Settings(etcd.ClientPort, """, "user": "root", "password": "wrong" """));

        // Mirror, proxy and monitor all want a token: they share the pauses. Each is at least half of 1, 2, 4, … s: no more questions than that allows.
        var first = Stopwatch.GetTimestamp();
        for (var asked = 0.0; asked < 4;)
        {
            var before = Stopwatch.GetTimestamp();
            asked = await AuthenticationsAsync(etcd);
            if (asked == 0)
                first = before;
            Assert.True(asked <= Allowed(Stopwatch.GetElapsedTime(first)), $"{asked} questions in {Stopwatch.GetElapsedTime(first)}: {serve.Process.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        const string cause = "authentication failed, invalid user ID or password";
        var (code, health) = await serve.AskAsync<HealthReport>("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains(health.Reasons, r => r.StartsWith("no routing table yet: the store has not been read: ", StringComparison.Ordinal) && r.Contains(cause, StringComparison.Ordinal));
        var status = await CommandRun.Of([("BUCKETPROXY_URL", serve.AdminUrl)], ["status"]);
        Assert.Contains(cause, status.Output, StringComparison.Ordinal);
        Assert.Matches(@"leader\s+unknown", status.Output);
        Assert.Matches(@"moves\s+unknown", status.Output);

        await serve.Process.TerminateAsync();
        var lines = serve.Process.Output.Split('\n');
        // One line for each who is kept from something: the mirror and the proxy. The monitor waits for the mirror.
        Assert.Single(lines, l => l.Contains("cannot be followed", StringComparison.Ordinal));
        Assert.InRange(lines.Count(l => l.Contains(cause, StringComparison.Ordinal)), 1, 2);
        Assert.DoesNotContain(lines, l => l.Contains("   at ", StringComparison.Ordinal) || l.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_EtcdFreezes_StaysReadyWithARemarkAndAnAlarmThatEnds()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        await using var relay = new TcpRelay(etcd.ClientPort);
        using var folder = new TemporaryDirectory();
        await using var serve = await ServeChild.StartAsync(folder, Settings(relay.Port, ""));
        await serve.UntilAsync<HealthReport>("/health/ready", (code, _) => code == HttpStatusCode.OK);
        Assert.Contains("bucketproxy_alarms{kind=\"store-stale\"} 0", Plain(await serve.FiguresAsync()), StringComparison.Ordinal);

        await etcd.FreezeAsync();
        var (_, status) = await serve.UntilAsync<StatusReport>("/api/status", (_, s) => !s.Store.Connected && s.Alarms.Any(a => a.Kind == "store-stale"));
        Assert.Equal(status.Instance, Assert.Single(status.Alarms, a => a.Kind == "store-stale").Subject);
        var (code, health) = await serve.AskAsync<HealthReport>("/health/ready");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.True(health.Ready);
        Assert.Contains(health.Remarks, r => r.StartsWith("store: stale for ", StringComparison.Ordinal));
        Assert.Contains("bucketproxy_alarms{kind=\"store-stale\"} 1", Plain(await serve.FiguresAsync()), StringComparison.Ordinal);

        await etcd.ThawAsync();
        var (_, after) = await serve.UntilAsync<StatusReport>("/api/status", (_, s) => s.Store.Connected && s.Alarms.All(a => a.Kind != "store-stale"));
        Assert.DoesNotContain(after.Health.Remarks, r => r.StartsWith("store:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_FreshCluster_IsReadyAndSaysThatNoBucketHasAnOwner()
    {
        using var folder = new TemporaryDirectory();
        await using var etcd = await EtcdProcess.StartNewAsync();
        await using var serve = await ServeChild.StartAsync(folder, Settings(etcd.ClientPort, ""));
        var (_, health) = await serve.UntilAsync<HealthReport>("/health/ready", (code, h) => code == HttpStatusCode.OK && h.Remarks.Count > 0);
        Assert.Equal(["buckets: 256 of 256 have no owner; requests for their bases wait, and get 503 when one does not come in time"], health.Remarks);

        // A server registers itself, as SeaTable's do, and nothing is given to it yet: there are to be two at first.
        await ControlAsync(etcd, "put", "dtable-server-01", """{"local_node_url":"http://127.0.0.1:1","node_url":"http://127.0.0.1:1","start_time":"2026-01-01T00:00:00Z"}""");
        await serve.UntilAsync<StatusReport>("/api/status", (_, s) => s.Shares is { Count: 1 });
        var status = await CommandRun.Of([("BUCKETPROXY_URL", serve.AdminUrl)], ["status"]);
        Assert.Contains("NOTE buckets: 256 of 256 have no owner", status.Output, StringComparison.Ordinal);
        Assert.Matches(@"dtable-server-01\s+0\s+0\.0 %", status.Output);
    }

    private static string Settings(int etcd, string more) => $$"""
        { "store": "etcd", "etcd": { "endpoints": ["http://127.0.0.1:{{etcd}}"]{{more}} }, "monitor": { "minNodes": 2 },
          "data": { "listen": "127.0.0.1:0", "drainGrace": "0s" }, "admin": { "listen": "127.0.0.1:0" } }
        """;

    // 1, 2, 4, 8, 16, 30 and again 30 s, each shortened by half at most.
    private static int Allowed(TimeSpan elapsed)
    {
        var questions = 1;
        for (var left = elapsed; left >= Pause(questions) / 2; questions++)
            left -= Pause(questions) / 2;
        return questions;

        static TimeSpan Pause(int number) => TimeSpan.FromSeconds(Math.Min(30, Math.Pow(2, number - 1)));
    }

    // The labels that every figure has are left out.
    private static string Plain(string figures) =>
        System.Text.RegularExpressions.Regex.Replace(figures, @"otel_scope_\w+=""[^""]*"",?", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(10));

    private static async Task<double> AuthenticationsAsync(EtcdProcess etcd)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri(etcd.Endpoint + "/metrics"));
        return page.Split('\n')
            .Where(line => line.StartsWith("grpc_server_started_total{", StringComparison.Ordinal) && line.Contains("grpc_method=\"Authenticate\"", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }

    private static Task<string> ControlAsync(EtcdProcess etcd, params string[] arguments) =>
        Command.RunAsync("etcdctl", ["--endpoints", etcd.Endpoint, .. arguments]);
}
