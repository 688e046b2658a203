using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Emulator.Http;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Emulator.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Emulator.Tests.Http;

public sealed class DebugRouteTests : NodeTests
{
    private const string Root = "/api/v1/dtables/" + NodeFixture.Base + "/debug";

    private EmulatedNode _node = null!;

    public override async Task InitializeAsync() => _node = await Nodes.StartAsync("n1");

    [Fact]
    public async Task Echo_TellsTheTargetAndHeadersByteByByte()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _node.Url.Port);
        var target = Root + "/echo/../%2e%2E/a%2Fb//%7Ec?q=%C3%A4&&=";
        await socket.SendAsync(Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Name: \u00fcber\r\nContent-Length: 3\r\n\r\nabc"));
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();

        Assert.Contains($"\"target\":\"{target.Replace("&", "\\u0026", StringComparison.Ordinal)}\"", answer, StringComparison.Ordinal);
        Assert.Contains("[\"X-Name\",\"\\u00FCber\"]", answer, StringComparison.Ordinal);
        Assert.Contains("\"body_length\":3", answer, StringComparison.Ordinal);
        Assert.Contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 100_000)]
    [InlineData("&chunked=1", 100_000)]
    public async Task Bytes_OfAnySize_DependOnTheirPosition(string more, int size)
    {
        var bytes = await Nodes.Http.GetByteArrayAsync(new Uri(_node.Url, $"{Root}/bytes?size={size}{more}"));

        Assert.Equal(size, bytes.Length);
        Assert.True(Enumerable.Range(0, size).All(i => bytes[i] == DebugBytes.At(i)));
    }

    [Theory]
    [InlineData("bytes=10-19", 206, 10, 10)]
    [InlineData("bytes=990-", 206, 990, 10)]
    [InlineData("bytes=-5", 206, 995, 5)]
    [InlineData("bytes=2000-", 416, 0, 0)]
    public async Task Bytes_WithARange_AnswersThatPart(string range, int status, int from, int count)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_node.Url, Root + "/bytes?size=1000"));
        request.Headers.Range = RangeHeaderValue.Parse(range);
        using var answer = await Nodes.Http.SendAsync(request);
        var bytes = await answer.Content.ReadAsByteArrayAsync();

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(count, bytes.Length);
        Assert.True(Enumerable.Range(0, count).All(i => bytes[i] == DebugBytes.At(from + i)));
        Assert.Equal(1000, answer.Content.Headers.ContentRange!.Length);
    }

    [Fact]
    public async Task Pipe_SendsEachPieceBeforeTheNextArrives()
    {
        using var open = await OpenRequest.BeginAsync(_node, NodeFixture.Base);

        Assert.DoesNotContain("ended", open.Answer, StringComparison.Ordinal);
        await open.EndAsync();
    }

    [Fact]
    public async Task Redirect_IsAnswered()
    {
        using var answer = await Nodes.Http.GetAsync(new Uri(_node.Url, Root + "/redirect?to=http://elsewhere/x"));

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("http://elsewhere/x", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Reset_AndHits_CountWhatReachedTheNode()
    {
        var post = new Uri(_node.Url, Root + "/reset?hit=k1");

        await Assert.ThrowsAsync<HttpRequestException>(() => Nodes.Http.PostAsync(post, new StringContent("x")));

        Assert.Equal(1, (int)(await Nodes.SendAsync(_node, "GET", Root + "/hits?key=k1")).Body!["hits"]!);
        Assert.Equal(0, (int)(await Nodes.SendAsync(_node, "GET", Root + "/hits?key=k2")).Body!["hits"]!);
    }

    [Fact]
    public async Task Half_BreaksOffInTheMiddle()
    {
        using var answer = await Nodes.Http.GetAsync(new Uri(_node.Url, Root + "/half?size=10"), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(20, answer.Content.Headers.ContentLength);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(418)]
    [InlineData(503)]
    public async Task Status_IsAnsweredAsAskedFor(int status) =>
        Assert.Equal(status, (await Nodes.SendAsync(_node, "GET", Root + "/status?code=" + status.ToString(CultureInfo.InvariantCulture))).Status);

    [Fact]
    public async Task Slow_WaitsForTheClock()
    {
        var time = new FakeTimeProvider();
        var node = await Nodes.StartAsync("n2", time);

        var slow = Nodes.SendAsync(node, "GET", Root + "/slow?ms=1000");
        await Nodes.SeenAsync(JournalEvent.Load);
        Assert.False(slow.IsCompleted);
        await time.AdvanceUntilAsync(() => slow.IsCompleted, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));

        Assert.Equal(200, (await slow).Status);
    }
}
