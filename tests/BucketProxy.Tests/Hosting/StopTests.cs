using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands;
using BucketProxy.Emulator;
using BucketProxy.Emulator.Nodes;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Hosting;

/// <summary>A stop of one of two proxies behind a real HAProxy that tries nothing twice. The grace is longer than the usual one, for slow machines.</summary>
public sealed class StopTests
{
    private const string Base = "/api/v1/dtables/0f84e1a1-66e2-4000-8000-000000000001/rows/";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Stop_BehindALoadBalancer_TurnsItAwayFirstSoThatNoClientIsRefused()
    {
        using var folder = new TemporaryDirectory();
        await using var etcd = await EtcdProcess.StartNewAsync();
        await using var node = new EmulatedNode(new EmulatorOptions { Id = "dtable-server-01", StorageDirectory = folder.Combine("bases") });
        await node.StartAsync();
        int[] ports = [FreePort.Next(), FreePort.Next(), FreePort.Next()];
        await using var staying = await ServeChild.StartAsync(folder, Settings(etcd, node, ports[0]), "staying");
        await using var leaving = await ServeChild.StartAsync(folder, Settings(etcd, node, ports[1]), "leaving");
        foreach (var one in new[] { staying, leaving })
            await one.UntilAsync<StatusReport>("/api/status", (_, s) => s.Health.Ready && s.Table.Open == 256);
        await using var balancer = await BalancerAsync(folder, ports);

        var answers = new ConcurrentQueue<string>();
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => SendAsync(ports[2], answers, enough.Token)).ToList();
        await UntilAsync(() => answers.Count > 50);

        await leaving.Process.SignalAsync("TERM");
        // Every request on a connection of its own: they are still taken, and served, while the checks fail.
        using var direct = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = Address(ports[1]) };
        while (await CodeAsync(direct, "/ping/") is not HttpStatusCode.ServiceUnavailable)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(direct, Base));

        Assert.Equal(ExitCode.Done, await leaving.Process.ExitAsync(Limit));
        var atTheEnd = answers.Count;
        await UntilAsync(() => answers.Count > atTheEnd + 50);
        await enough.CancelAsync();
        await Task.WhenAll(clients);
        Assert.Equal(["200"], answers.Distinct());
    }

    private static async Task SendAsync(int port, ConcurrentQueue<string> answers, CancellationToken enough)
    {
        using var client = new HttpClient { BaseAddress = Address(port), Timeout = Limit };
        while (!enough.IsCancellationRequested)
        {
            try
            {
                answers.Enqueue(((int)await CodeAsync(client, Base)).ToString(CultureInfo.InvariantCulture));
            }
            catch (HttpRequestException e)
            {
                answers.Enqueue(e.Message);
            }
        }
    }

    private static async Task<HttpStatusCode> CodeAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (!isSo())
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
    }

    private static Uri Address(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    private static string Settings(EtcdProcess etcd, EmulatedNode node, int port) => $$"""
        { "store": "etcd", "etcd": { "endpoints": ["{{etcd.Endpoint}}"] }, "monitor": { "minNodes": 1, "pingInterval": "100ms" },
          "data": { "listen": "127.0.0.1:{{port}}", "drainGrace": "10s" }, "admin": { "listen": "127.0.0.1:0" },
          "nodes": [ { "id": "{{node.Id}}", "local_node_url": "{{node.Url}}" } ] }
        """;

    // A new connection to a proxy for each request, and a refused one is the client's 503: nothing hides a proxy that is gone too early.
    private static async Task<ChildProcess> BalancerAsync(TemporaryDirectory folder, int[] ports)
    {
        var file = folder.Combine("haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            defaults
              mode http
              timeout connect 60s
              timeout client 60s
              timeout server 60s
              retries 0
              option http-server-close
              http-reuse never
            listen proxies
              bind 127.0.0.1:{ports[2]}
              option httpchk GET /ping/
              default-server check inter 100ms fall 2 rise 1
              server staying 127.0.0.1:{ports[0]}
              server leaving 127.0.0.1:{ports[1]}

            """);
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
            .Select(p => Path.Combine(p, "haproxy")).First(File.Exists);
        var balancer = ChildProcess.Start("haproxy", [program, "-db", "-f", file]);
        using var client = new HttpClient { BaseAddress = Address(ports[2]) };
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (true)
        {
            try
            {
                if (await CodeAsync(client, Base) == HttpStatusCode.OK)
                    return balancer;
            }
            catch (HttpRequestException) when (!balancer.HasExited)
            {
                // It does not listen yet.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
