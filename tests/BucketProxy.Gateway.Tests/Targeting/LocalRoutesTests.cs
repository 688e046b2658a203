using System.Text.Json;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Targeting;

public sealed class LocalRoutesTests
{
    private const string SysInfo = "/api/v1/admin/sys-info/";

    [Theory]
    [InlineData("/ping/")]
    [InlineData("/ping")]
    [InlineData("/dtable-server/ping/")]
    [InlineData("/ping/?x=1")]
    public async Task Ping_CanRoute_Pong(string target)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(target));

        Assert.Equal(200, response.Status);
        Assert.Equal("pong", response.Text);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Ping_NothingIsOpen_503()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(null);

        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get("/ping/"))).Status);
    }

    [Fact]
    public async Task Options_WithoutBase_204WithCors()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        foreach (var target in (string[])["*", "/anything", "/ping/"])
        {
            var response = await gateway.AskAsync($"OPTIONS {target} HTTP/1.1\r\nHost: p\r\n\r\n");

            Assert.Equal(204, response.Status);
            Assert.Equal("*", response.Header("Access-Control-Allow-Origin"));
            Assert.Equal("GET,POST,PUT,DELETE,OPTIONS", response.Header("Access-Control-Allow-Methods"));
            Assert.Equal("deviceType,token, authorization, content-type", response.Header("Access-Control-Allow-Headers"));
        }
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Options_WithBase_Forwarded()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync($"OPTIONS {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Null(response.Header("Access-Control-Allow-Origin"));
        Assert.Equal("OPTIONS", Assert.Single(node.Requests).Method);
    }

    [Fact]
    public async Task SysInfo_OneNodeDeadOneSlow_SumOfTheOthers()
    {
        static Func<RawRequest, RawConnection, Task> Answer(string json) =>
            (_, wire) => wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {json.Length}\r\n\r\n{json}");
        await using var one = new FakeNode(Answer("{\"web_socket_count\":2,\"loaded_dtables_count\":10,\"last_start_time\":50,\"last_end_time\":60,\"version\":\"4\"}"), "dtable-server-01");
        await using var two = new FakeNode(Answer("{\"web_socket_count\":3,\"loaded_dtables_count\":1,\"last_start_time\":40,\"last_end_time\":70}"), "dtable-server-02");
        var never = new TaskCompletionSource();
        await using var slow = new FakeNode((_, _) => never.Task, "dtable-server-03");
        var dead = new FakeNode(id: "dtable-server-04");
        var deadRecord = dead.Record;
        await dead.DisposeAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(one.Record, new GatewayOptions { SysInfoTimeout = TimeSpan.FromSeconds(10) });
        gateway.Tables.Node(two.Record, slow.Record, deadRecord).Publish();

        var response = await gateway.AskAsync(GatewayUnderTest.Get(SysInfo + "?x=1", "Authorization: Token t\r\n"));

        Assert.Equal(200, response.Status);
        using var json = JsonDocument.Parse(response.Text);
        var root = json.RootElement;
        Assert.Equal(5, root.GetProperty("web_socket_count").GetInt32());
        Assert.Equal(11, root.GetProperty("loaded_dtables_count").GetInt32());
        Assert.Equal(40, root.GetProperty("last_start_time").GetInt32());
        Assert.Equal(70, root.GetProperty("last_end_time").GetInt32());
        Assert.False(root.TryGetProperty("version", out _));
        var nodes = root.GetProperty("nodes");
        Assert.Equal(2, nodes.GetProperty("dtable-server-01").GetProperty("web_socket_count").GetInt32());
        Assert.True(nodes.GetProperty("dtable-server-03").TryGetProperty("error_msg", out _));
        Assert.True(nodes.GetProperty("dtable-server-04").TryGetProperty("error_msg", out _));
        Assert.Equal(SysInfo + "?x=1", one.Requests.Single().Target);
        Assert.Equal("Token t", two.Requests.Single().Header("Authorization"));
    }

    [Fact]
    public async Task SysInfo_EveryNodeRefuses_TheirStatus()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(403, (await gateway.AskAsync(GatewayUnderTest.Get(SysInfo))).Status);
    }

    [Fact]
    public async Task Drain_Begun_PingAndHeld503OthersAreServed()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        await using var held = await gateway.ClientAsync();
        await held.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");

        gateway.Host.BeginDrain();

        var answer = await held.ReadResponseAsync();
        Assert.Equal(503, answer.Status);
        Assert.NotNull(answer.Header("Retry-After"));
        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get("/ping/"))).Status);
        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        var open = await gateway.AskAsync(GatewayUnderTest.Get("/dtables/ff3b5a1e-7c2d-4e8f-9a0b-1c2d3e4f5a6b/"));
        Assert.Equal(200, open.Status);
        Assert.Equal("close", open.Header("Connection"));
    }

    [Fact]
    public async Task Stop_RequestInFlight_WaitsForItThenCloses()
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await answer.Task;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await arrived.Task.Within();

        var stop = gateway.Host.StopAsync();
        Assert.False(stop.IsCompleted);
        answer.SetResult();

        Assert.Equal("done", (await client.ReadResponseAsync()).Text);
        await stop.Within();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_RequestsThatHaveArrived_AreAnswered(bool onKeptConnections)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        var clients = new List<RawClient>();
        for (var i = 0; i < 200; i++)
        {
            clients.Add(await gateway.ClientAsync());
            if (onKeptConnections)
                Assert.Equal(200, (await clients[i].AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"))).Status);
        }

        foreach (var client in clients)
            await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        var stop = gateway.Host.StopAsync();

        foreach (var client in clients)
        {
            var answer = await client.ReadResponseAsync().Within();
            Assert.Equal(200, answer.Status);
            await client.DisposeAsync();
        }
        await stop.Within();
    }

    [Fact]
    public async Task Stop_RequestOutlastsTheLimit_IsCut()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            arrived.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { DrainLimit = TimeSpan.FromMilliseconds(200) });
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await arrived.Task.Within();

        await gateway.Host.StopAsync().Within();

        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0 && gateway.Traffic.PlainRequests == 0, "it is cut");
    }
}
