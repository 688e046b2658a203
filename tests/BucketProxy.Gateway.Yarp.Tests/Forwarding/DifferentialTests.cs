using System.Globalization;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Gateway.Tests.Upstream;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>
/// The same requests, met by the same answers, through either forwarder: what the node receives and what the client sees is the same. The differences
/// that are left are named in <see cref="IsEmpty"/>, <see cref="Joined"/> and <see cref="YarpReads"/>, and documented with the setting.
/// </summary>
public sealed class DifferentialTests
{
    private const int Exchanges = 150;
    private const string Nothing = "nothing";

    [Fact]
    public Task Exchanges_ThroughEither_AreTheSame() => Seeded.RunAsync(1, async random =>
    {
        await using var direct = await Side.StartAsync(ForwarderKind.Direct);
        await using var yarp = await Side.StartAsync(ForwarderKind.Yarp);
        var reached = 0;
        for (var number = 0; number < Exchanges; number++)
        {
            var exchange = Exchange.Random(random);
            var expected = await direct.CarryOutAsync(exchange);
            var actual = await yarp.CarryOutAsync(exchange);
            Assert.True(expected == actual, $"Exchange {number} ({exchange.Kind}).\n{Shown(exchange.Request)}\n-> {Shown(exchange.Answer.Text)}\ndirect:\n{Shown(expected)}\nyarp:\n{Shown(actual)}\n");
            reached += expected.StartsWith(Nothing, StringComparison.Ordinal) ? 0 : 1;
        }
        // Not only what the server refuses.
        Assert.True(reached > Exchanges / 2, $"{reached} of {Exchanges} reached the node.");
    });

    private static string Shown(string message) => message.Length <= 2000 ? message : $"{message[..2000]}… ({message.Length})";

    /// <summary>A header line that goes by the clock.</summary>
    private static bool Ignored(string line) => line.StartsWith("Date:", StringComparison.Ordinal);

    /// <summary>An answer's framing, which is the server's: it gives a length to an answer of which nothing was written.</summary>
    private static bool Frames(string line) => line == "Transfer-Encoding: chunked" || IsEmpty(line);

    /// <summary>What the runtime's client adds to a GET or HEAD that has a header of content.</summary>
    private static bool IsEmpty(string line) => line == "Content-Length: 0";

    /// <summary>Lines of one name joined, as the runtime's client sends them (RFC 9110 section 5.3).</summary>
    private static string Joined(string head) => string.Concat(head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
        .GroupBy(l => l.Split(':')[0]).Select(g => string.Join(", ", g.Select((l, i) => i == 0 ? l : l[(g.Key.Length + 1)..].Trim())) + "\r\n"));

    private static string Lines(string head, Func<string, bool>? ignored = null)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return string.Join('\n', lines.Skip(1).Where(l => !Ignored(l) && ignored?.Invoke(l) != true).Order(StringComparer.Ordinal).Prepend(lines[0]));
    }

    /// <summary>A gateway and its node.</summary>
    private sealed class Side : IAsyncDisposable
    {
        private readonly FakeNode _node;
        private Answer _answer;
        private GatewayUnderTest _gateway = null!;
        private string _received = "";

        private Side()
        {
            _node = new FakeNode(AnswerAsync);
        }

        public static async Task<Side> StartAsync(ForwarderKind forwarder)
        {
            var side = new Side();
            side._gateway = await GatewayUnderTest.StartAsync(side._node.Record, forwarder: forwarder);
            return side;
        }

        /// <summary>What the node received, and what the client saw, as text.</summary>
        public async Task<string> CarryOutAsync(Exchange exchange)
        {
            _answer = exchange.Answer;
            _received = Nothing;
            await using var client = await _gateway.ClientAsync();
            var seen = await SeeAsync(client, exchange.Request);
            await GatewayUnderTest.UntilAsync(() => _gateway.Traffic.PlainRequests == 0, "nothing is in flight");
            return $"{_received}\n{seen}";
        }

        public async ValueTask DisposeAsync()
        {
            await _gateway.DisposeAsync();
            await _node.DisposeAsync();
        }

        private static async Task<string> SeeAsync(RawClient client, string request)
        {
            try
            {
                await client.SendAsync(request);
                while (true)
                {
                    var response = await client.ReadResponseAsync(isHead: request.StartsWith("HEAD", StringComparison.Ordinal));
                    // The gateway's own word to Expect: the one or the other may not have one.
                    if (response.Status == 100)
                        continue;
                    return response.Status is 400 or 502 ? "refused" : $"{Lines(response.Head, Frames)}\n{Convert.ToHexString(response.Body)}";
                }
            }
            catch (Exception e) when (e is IOException or FormatException)
            {
                return "refused";
            }
        }

        private async Task AnswerAsync(RawRequest request, RawConnection wire)
        {
            var body = await request.ReadBodyAsync(wire);
            _received = $"{Lines(Joined(request.Head), request.Method is "GET" or "HEAD" ? IsEmpty : null)}\n{Convert.ToHexString(body)}";
            await wire.SendAsync(_answer.Text);
            if (!_answer.Ends)
                return;
            ((NetworkStream)wire.Stream).Socket.Shutdown(SocketShutdown.Send);
            await wire.ReadToEndAsync();
        }
    }

    /// <param name="Text">What the node says.</param>
    /// <param name="Ends">It says no more on this connection.</param>
    private readonly record struct Answer(string Text, bool Ends);

    private sealed record Exchange(string Kind, string Request, Answer Answer)
    {
        private static readonly string[] Methods = ["GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"];
        private static readonly string[] TargetParts = ["rows/", "%2F", "%7E", "~", "..%2f", "./", "//", ";x=1", "caf%C3%A9", "%", "'", "\"", "{}", "|", "\\", "^"];
        private static readonly string[] Queries = ["", "?", "?a=1", "?a=%2F&b=%20", "?a=b?c", "?filter=[1]", "?%", "?a=\"x\""];
        private static readonly string[] RequestHeaders =
        [
            "X-One: 1", "x-lower: a", "X-Empty:", "X-Latin: caf\u00e9 \u00ff", "X-Spaces:   a  b  ", "X-Quoted: \"a, b\"", "Accept: */*", "accept-encoding: gzip, br",
            "Content-Type: application/json; charset=utf-8", "Content-Type: nonsense", "Content-Language: de", "Content-Encoding: gzip", "Expires: never",
            "Authorization: Token abc", "Cookie: a=1; b=2", "If-None-Match: W/\"x\"", "If-Modified-Since: nonsense", "Range: bytes=1-2", "User-Agent: me (x; y) z/1",
            "Connection: X-One", "Connection: close", "Connection: keep-alive, X-Quoted", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x",
            "TE: trailers", "TE: gzip", "Upgrade: h2c", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: cloud.example", "Forwarded: for=1.2.3.4",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "tracestate: a=b", "Origin: null", "Referer: not a url", "Via: 1.1 x", "From: nobody",
            "Accept-Language: ,,", "Cache-Control: no-cache=", "Pragma: x", "Date: yesterday", "Max-Forwards: x", "Warning: x", "Trailer: X-Sum",
        ];
        private static readonly string[] ResponseHeaders =
        [
            "X-One: 1", "x-lower: a", "X-Empty:", "X-Latin: caf\u00e9 \u00ff", "X-Quoted: \"a, b\"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "Content-Type: application/json", "Content-Type: nonsense", "Content-Encoding: gzip", "Content-Language: de, en", "ETag: nonsense", "Last-Modified: nonsense",
            "Location: http://elsewhere.example/%7E", "Location: //", "Server: node/1 (x)", "Via: 1.1 x", "Warning: x", "Age: x", "Vary: *", "WWW-Authenticate: Basic realm=\"a, b\"",
            "Connection: X-One", "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: x", "Upgrade: h2c", "Expires: -1", "Allow: GET, POST", "Retry-After: x",
            "Access-Control-Allow-Origin: *", "Cache-Control: private, max-age=x", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Pragma: a", "Accept-Ranges: none", "Content-Range: bytes 1-2/*",
        ];
        private static readonly string[] Statuses = ["200 OK", "200 Fine by me", "200 ", "201 Created", "202 Accepted", "206 Partial Content", "302 Found", "410 Gone", "404 Not Found", "409 Conflict", "418 I'm a teapot", "500 Oops", "503 Busy", "599 X", "299 caf\u00e9"];

        public static Exchange Random(Random random)
        {
            var method = Pick(random, Methods);
            var is11 = random.Next(6) > 0;
            var request = new StringBuilder($"{method} {GatewayUnderTest.Path}");
            for (var parts = random.Next(3); parts > 0; parts--)
                request.Append(Pick(random, TargetParts));
            request.Append(Pick(random, Queries)).Append(is11 ? " HTTP/1.1\r\nHost: Proxy.Example:80\r\n" : " HTTP/1.0\r\nHost: proxy.example\r\n");
            AddHeaders(request, random, RequestHeaders, 8);
            var body = Body(random);
            if (method is "POST" or "PUT" or "PATCH" or "PURGE" or "OPTIONS" || random.Next(8) == 0)
                AddBody(request, random, body, isChunked: is11 && random.Next(2) == 0);
            else
                request.Append("\r\n");
            var (kind, answer) = random.Next(4) switch
            {
                0 => Broken(random),
                _ => Whole(random, method == "HEAD"),
            };
            return new Exchange(kind, request.ToString(), answer);
        }

        private static (string Kind, Answer Answer) Whole(Random random, bool isHead)
        {
            var answer = new StringBuilder();
            for (var interims = random.Next(8) == 0 ? random.Next(4) : 0; interims > 0; interims--)
                answer.Append(random.Next(2) == 0 ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" : "HTTP/1.1 102 Processing\r\n\r\n");
            var body = Body(random);
            switch (random.Next(6))
            {
                case 0:
                    Head("HTTP/1.1", random.Next(2) == 0 ? "204 No Content" : "304 Not Modified").Append("\r\n");
                    return ("no body", new Answer(answer.ToString(), false));
                case 1 when !isHead:
                    Head("HTTP/1.1", Pick(random, Statuses)).Append("\r\n").Append(body);
                    return ("ends with the connection", new Answer(answer.ToString(), true));
                case 2 when !isHead:
                    Head("HTTP/1.0", Pick(random, Statuses)).Append("\r\n").Append(body);
                    return ("HTTP/1.0", new Answer(answer.ToString(), true));
                case 3 or 4:
                    Head("HTTP/1.1", Pick(random, Statuses));
                    if (isHead)
                        answer.Append("Transfer-Encoding: chunked\r\n\r\n");
                    else
                        AddBody(answer, random, body, isChunked: true);
                    return ("chunked", new Answer(answer.ToString(), false));
                default:
                    Head("HTTP/1.1", Pick(random, Statuses));
                    if (isHead)
                        answer.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
                    else
                        AddBody(answer, random, body, isChunked: false);
                    return ("with a length", new Answer(answer.ToString(), false));
            }

            StringBuilder Head(string version, string status)
            {
                answer.Append(version).Append(' ').Append(status).Append("\r\n");
                AddHeaders(answer, random, ResponseHeaders, 6);
                return answer;
            }
        }

        private static (string Kind, Answer Answer) Broken(Random random)
        {
            switch (random.Next(4))
            {
                case 0:
                    var whole = Whole(random, isHead: false);
                    // Anywhere: in its head, in its body, and where it does no harm.
                    return ("broken off", new Answer(whole.Answer.Text[..random.Next(whole.Answer.Text.Length)], true));
                case 1:
                    return ("closed without a word", new Answer("", true));
                default:
                    var refused = MalformedAnswers.All.Where(a => YarpReads.Outcome(a.Shape) == YarpReads.Refused).ToArray();
                    var (shape, text) = refused[random.Next(refused.Length)];
                    return (shape, new Answer(text, true));
            }
        }

        private static void AddHeaders(StringBuilder head, Random random, string[] from, int most)
        {
            foreach (var header in from.OrderBy(_ => random.Next()).Take(random.Next(most)).ToArray())
                head.Append(header).Append("\r\n");
        }

        private static void AddBody(StringBuilder message, Random random, string body, bool isChunked)
        {
            if (!isChunked)
            {
                message.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n{body}");
                return;
            }
            message.Append("Transfer-Encoding: chunked\r\n\r\n");
            for (var done = 0; done < body.Length;)
            {
                var size = Math.Min(body.Length - done, 1 + random.Next(body.Length));
                message.Append(CultureInfo.InvariantCulture, $"{size:x}{(random.Next(5) == 0 ? ";a=b" : "")}\r\n{body.AsSpan(done, size)}\r\n");
                done += size;
            }
            message.Append("0\r\n\r\n");
        }

        private static string Body(Random random)
        {
            var body = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(20), 2 => random.Next(2000), _ => random.Next(100_000) }];
            random.NextBytes(body);
            return Encoding.Latin1.GetString(body);
        }

        private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
    }
}
