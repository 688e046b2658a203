using System.Net.Sockets;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Answers whose status says that there is no content, with every framing that a node may give them (RFC 9110 section 8.6, RFC 9112 section 6.3).</summary>
public sealed class FramingTests
{
    private const string Both = "length beside chunks";

    private static readonly (string Name, string Message)[] Framings =
    [
        ("none", "\r\n"),
        ("none, content", "\r\nabcde"),
        ("length 0", "Content-Length: 0\r\n\r\n"),
        ("length 5, no content", "Content-Length: 5\r\n\r\n"),
        ("length 5, content", "Content-Length: 5\r\n\r\nabcde"),
        ("chunked", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunked, content", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
        ("chunked, trailers", "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"),
        (Both, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];

    public static TheoryData<string, string, string> Answers
    {
        get
        {
            var all = new TheoryData<string, string, string>();
            foreach (var (method, line) in (IEnumerable<(string, string)>)
                [("GET", "204 No Content"), ("GET", "205 Reset Content"), ("GET", "304 Not Modified"),
                 ("HEAD", "200 OK"), ("HEAD", "204 No Content"), ("HEAD", "205 Reset Content"), ("HEAD", "304 Not Modified")])
            {
                foreach (var (framing, _) in Framings)
                    all.Add(method, line, framing);
            }
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_WithoutContentByItsStatus_PassesOrIs502_AndIsNoFaultOfOurs(string method, string line, string framing)
    {
        var log = new CapturedLog();
        var answer = $"HTTP/1.1 {line}\r\n{Framings.Single(f => f.Name == framing).Message}";
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(request.Target.EndsWith("first", StringComparison.Ordinal) ? answer : FakeNode.Ok);
            // Where nothing else says so, the answer ends with the connection.
            ((NetworkStream)wire.Stream).Socket.Shutdown(SocketShutdown.Send);
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, log: log);
        await using var client = await gateway.ClientAsync();

        var first = await client.AskAsync($"{method} {GatewayUnderTest.Path}first HTTP/1.1\r\nHost: p\r\n\r\n");
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "the node's connection is closed");
        // Not a byte too many came: the connection is in step.
        var second = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        var status = int.Parse(line[..3], System.Globalization.CultureInfo.InvariantCulture);
        var hasContent = framing.Contains(", content", StringComparison.Ordinal) || framing == "length 5, no content";
        var isRefused = framing == Both || (method == "GET" && status == 205 && hasContent);
        Assert.Equal(isRefused ? 502 : status, first.Status);
        if (!isRefused)
        {
            // A 304, and an answer to HEAD, tell another's length. Of nothing one may be told but in a 204.
            var length = first.Header("Content-Length");
            var isTold = framing.StartsWith("length 5", StringComparison.Ordinal) && status is 200 or 304;
            Assert.Equal(isTold ? "5" : null, length == "0" && status != 204 ? null : length);
            Assert.Null(first.Header("Transfer-Encoding"));
            Assert.Empty(first.Body);
        }
        Assert.Equal("ok", second.Text);
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("abcde", 2)]
    public async Task NoContentWithALength_ConnectionIsUsedAgainUnlessMoreCame(string behind, int connection)
    {
        await using var node = new FakeNode((request, wire) => wire.SendAsync(
            request.Target.EndsWith("first", StringComparison.Ordinal) ? $"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n{behind}" : FakeNode.Ok));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var first = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "first"));
        var second = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(204, first.Status);
        Assert.Equal("ok", second.Text);
        Assert.Equal([1, connection], node.Requests.Select(r => r.Connection));
    }

    // One reader finds no length in it, and reads to the end of the connection; another finds 5.
    [Theory]
    [InlineData("Content-Length:\r\nContent-Length: 5\r\nContent-Length:")]
    [InlineData("Content-Length: +5")]
    [InlineData("Content-Length: 5, 5")]
    public async Task LengthThatIsNone_502(string fields)
    {
        var log = new CapturedLog();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync($"HTTP/1.1 200 OK\r\n{fields}\r\n\r\nabc");
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, log: log);

        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("abcde", 502)]
    public async Task InterimAnswerWithALength_EndsAtItsHead(string behind, int status)
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync($"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n{behind}{FakeNode.Ok}"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(status, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n", true)]
    [InlineData("Content-Length: 5\r\n", true)]
    [InlineData("Transfer-Encoding: chunked\r\n", true)]
    [InlineData("Content-Length: 0\r\n", false)]
    [InlineData("Content-Length: 5\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n", false)]
    public async Task SwitchedProtocols_WithFraming_ClientGetsNoneOfIt(string framing, bool onLoops)
    {
        var log = new CapturedLog();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + framing + "\r\n");
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce with { InlineScheduling = onLoops }, log: log);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Ws.Handshake(SocketIo.Target));
        var response = await client.ReadResponseAsync();

        Assert.Equal(101, response.Status);
        Assert.Null(response.Header("Content-Length"));
        Assert.Null(response.Header("Transfer-Encoding"));
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 O\rK\r\n")]
    [InlineData("HTTP/1.1 200 O\0K\r\n")]
    public async Task ReasonPhrase_WithAControlCharacter_502(string line)
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(line + "Content-Length: 2\r\n\r\nok"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }
}
