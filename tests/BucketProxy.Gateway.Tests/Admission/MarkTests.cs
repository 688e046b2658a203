using System.Net;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Admission;

/// <summary>The mark of a proxy: who sees it, and that nobody else can set it.</summary>
public sealed class MarkTests
{
    private const string Forged = "bucketproxy-TABLE: 00000000000000ff-99\r\n";

    [Fact]
    public async Task NodeWithoutAGate_SeesNoMark()
    {
        await using var node = new FakeNode();
        await using var proxy = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(200, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.DoesNotContain("BucketProxy", node.Requests.Single().Head, StringComparison.OrdinalIgnoreCase);
    }

    // The mutation: the client's header goes on.
    [Theory]
    [InlineData(Forged)]
    [InlineData(Forged + Forged)]
    [InlineData(Forged + "Connection: " + TableMark.HeaderName + "\r\n")]
    [InlineData("Connection: keep-alive, " + TableMark.HeaderName + "\r\n" + Forged)]
    public async Task ClientsOwn_GoesToNobody(string headers)
    {
        await using var node = new FakeNode();
        await using var gate = new FakeGate();
        await using var proxy = await GatewayUnderTest.StartAsync(node.Record);
        var request = GatewayUnderTest.Get(GatewayUnderTest.Path, headers);

        Assert.Equal(200, (await proxy.AskAsync(request)).Status);
        proxy.Tables.Open(GatewayUnderTest.Bucket, gate.Record).Publish();
        Assert.Equal(200, (await proxy.AskAsync(request)).Status);

        Assert.DoesNotContain("BucketProxy", node.Requests.Single().Head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(new TableMark(Tables.StoreId, proxy.Tables.Revision).ToString(), gate.Node.Requests.Single().Header(TableMark.HeaderName));
    }

    [Fact]
    public async Task ClientsOwn_OverHttp2_GoesToNobody()
    {
        await using var node = new FakeNode();
        await using var gate = new FakeGate();
        await using var proxy = await GatewayUnderTest.StartAsync(node.Record);
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        http.DefaultRequestHeaders.Add(TableMark.HeaderName, "00000000000000ff-99");
        var url = new Uri($"http://127.0.0.1:{proxy.Port}{GatewayUnderTest.Path}");

        Assert.Equal("ok", await http.GetStringAsync(url));
        proxy.Tables.Open(GatewayUnderTest.Bucket, gate.Record).Publish();
        Assert.Equal("ok", await http.GetStringAsync(url));

        Assert.DoesNotContain("BucketProxy", node.Requests.Single().Head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(new TableMark(Tables.StoreId, proxy.Tables.Revision).ToString(), gate.Node.Requests.Single().Header(TableMark.HeaderName));
    }

    [Fact]
    public async Task ClientsOwn_AsATrailer_GoesToNobody()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(wire.Trailers.Count == 0 ? RawServer.Ok : "HTTP/1.1 500 Trailers\r\nContent-Length: 0\r\n\r\n");
        });
        await using var proxy = await GatewayUnderTest.StartAsync(node.Record);

        var response = await proxy.AskAsync(
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTrailer: {TableMark.HeaderName}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n{Forged}\r\n");

        Assert.Equal(200, response.Status);
        Assert.DoesNotContain("BucketProxy", node.Requests.Single().Head, StringComparison.OrdinalIgnoreCase);
    }

    // The mutation: what the server answers passes; then a server can have a request sent a second time.
    [Fact]
    public async Task ServersOwn421WithAMark_GoesToTheClientWithoutIt()
    {
        await using var node = await GatedNode.StartAsync(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync($"HTTP/1.1 421 Mine\r\n{FakeGate.Mark(5)}X-Mine: 1\r\nContent-Length: 2\r\n\r\nno");
        });
        await using var proxy = await GatewayUnderTest.StartAsync(node.Registered);

        var response = await proxy.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal((421, "no", "1"), (response.Status, response.Text, response.Header("X-Mine")));
        Assert.Empty(response.All(TableMark.HeaderName));
        Assert.Single(node.Server.Requests);
    }

    // The mutation: a 421 with a mark is believed to anybody.
    [Fact]
    public async Task NodeWithoutAGate_421WithAMark_GoesToTheClient()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(FakeGate.Refusal(5)));
        await using var proxy = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(421, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.Single(node.Requests);
    }

    // The mutation: any 421 of a gate is taken for its own.
    [Fact]
    public async Task Gates421WithoutAMark_GoesToTheClient()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n"));
        await using var proxy = await GatewayUnderTest.StartAsync(FakeGate.RecordOf(node.Id, node.Port));

        Assert.Equal(421, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.Single(node.Requests);
    }

    [Theory]
    [InlineData("0000000000000001-0", 1ul, 0)]
    [InlineData("ffffffffffffffff-9223372036854775807", ulong.MaxValue, long.MaxValue)]
    public void Read_WhatIsWritten(string text, ulong store, long revision)
    {
        Assert.Equal(new TableMark(store, revision), TableMark.Read(text));
        Assert.Equal(text, new TableMark(store, revision).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000000001")]
    [InlineData("0000000000000001-")]
    [InlineData("1-1")]
    [InlineData("0000000000000001--1")]
    [InlineData("000000000000000x-1")]
    [InlineData("0000000000000001-1 ")]
    [InlineData("0000000000000001-99999999999999999999")]
    public void Read_WhatIsNone_Nothing(string text) => Assert.Null(TableMark.Read(text));

    [Fact]
    public void Read_Two_Nothing() => Assert.Null(TableMark.Read(new(["0000000000000001-1", "0000000000000001-1"])));
}
