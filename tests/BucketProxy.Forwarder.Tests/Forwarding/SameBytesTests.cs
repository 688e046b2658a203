using System.Text.RegularExpressions;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>The same requests through YARP's own forwarder and through this one: destinations cannot tell them apart.</summary>
public sealed partial class SameBytesTests
{
    private const string Start = "Host: proxy.example\r\n";

    /// <summary>Requests, each with a name.</summary>
    public static TheoryData<string> Requests =>
    [
        $"GET / HTTP/1.1\r\n{Start}\r\n",
        $"GET /a/b.txt?x=1&y=%20z HTTP/1.1\r\n{Start}Accept: */*\r\nUser-Agent: tests/1 (a; b)\r\naccept-language: de, en\r\n\r\n",
        $"get /lower HTTP/1.1\r\n{Start}\r\n",
        $"GET /%C3%A4/%2F/a%20b HTTP/1.1\r\n{Start}\r\n",
        $"GET /a/../b/./c HTTP/1.1\r\n{Start}\r\n",
        $"GET /a//b/ HTTP/1.1\r\n{Start}\r\n",
        $"GET /a..b/.c/d.?q=%41%7e/../'\"|^` HTTP/1.1\r\n{Start}\r\n",
        $"GET /x?q=a+b=c;d&e[]=1 HTTP/1.1\r\n{Start}\r\n",
        $"GET /%41%7E%2e%2e/%5c HTTP/1.1\r\n{Start}\r\n",
        $"HEAD /h HTTP/1.1\r\n{Start}\r\n",
        $"OPTIONS /o HTTP/1.1\r\n{Start}\r\n",
        $"DELETE /d HTTP/1.1\r\n{Start}\r\n",
        $"PATCH /p HTTP/1.1\r\n{Start}Content-Length: 2\r\n\r\nab",
        $"PROPFIND /p HTTP/1.1\r\n{Start}\r\n",
        $"POST /p HTTP/1.1\r\n{Start}Content-Length: 0\r\n\r\n",
        $"GET /p HTTP/1.1\r\n{Start}Content-Length: 0\r\n\r\n",
        $"GET /p HTTP/1.1\r\n{Start}Content-Type: text/plain\r\nX-After: 1\r\n\r\n",
        $"POST /p HTTP/1.1\r\n{Start}Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nX-A: 1\r\nContent-Encoding: none\r\n\r\nabc",
        $"PUT /p HTTP/1.1\r\n{Start}content-md5: abc\r\nExpires: 0\r\nTransfer-Encoding: chunked\r\nETag: \"a\"\r\netag2: b\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: other\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /p\r\nForwarded: for=1.2.3.4\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}TE: trailers\r\nUpgrade-Insecure-Requests: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nAlt-Svc: y\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}Connection: close, X-A\r\nX-A: 1\r\nClose: 2\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}Cookie: a=1\r\nCookie: b=2\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}Accept: text/html\r\nAccept: text/plain\r\nX-Twice: 1\r\nX-Twice: 2\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}x-lower: 1\r\nX-UPPER: 2\r\nX-Empty:\r\nif-none-match: \"a\"\r\nAUTHORIZATION: Basic YQ==\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}Expect: 200-ok\r\nVia: 1.1 a\r\nPragma: no-cache\r\nRange: bytes=0-1\r\nDate: x\r\nAllow: GET\r\n\r\n",
        $"GET /h HTTP/1.1\r\n{Start}traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=1\r\nbaggage: b=2\r\nRequest-Id: 7\r\n\r\n",
        "GET http://absolute.example/a?b HTTP/1.1\r\nHost: absolute.example\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /old HTTP/1.0\r\n\r\n",
        Ws.Handshake("/ws?a=1"),
        "GET /many HTTP/1.1\r\n" + Start + string.Concat(Enumerable.Range(0, 90).Select(static i => $"X-Header-{i}: {i}\r\n")) + "\r\n",
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Default(string request) => SameAsync(request, new ProxySetup());

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Default_HostOfTheDestinationNamed(string request) => SameAsync(request, new ProxySetup { DestinationHost = "named.example" });

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Default_DestinationHasAPath(string request) => SameAsync(request, new ProxySetup(), "base/path/");

    [Theory]
    [InlineData("base")]
    [InlineData("base//")]
    [InlineData("b%20s/%7Ex/")]
    public async Task Default_DestinationsPathIsOdd(string path)
    {
        await SameAsync($"GET /x/y?z=1 HTTP/1.1\r\n{Start}\r\n", new ProxySetup(), path);
        await SameAsync($"GET /x%20y/~ HTTP/1.1\r\n{Start}\r\n", new ProxySetup(), path);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Custom(string request) => SameAsync(request, new ProxySetup
    {
        Proxy = static p => p.AddTransforms(static c =>
        {
            c.AddRequestHeader("X-Added", "1");
            c.AddOriginalHost();
            c.AddXForwarded(ForwardedTransformActions.Append);
            c.AddQueryValue("added", "a b");
            c.AddRequestHeader("Content-Language", "de");
        }),
    });

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Custom_NothingButOne(string request) => SameAsync(request, NothingButOne);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientNamesNoHost_DestinationGetsOne(bool isCustom)
    {
        // YARP's forwarder sends its own and the empty one, and a destination has to refuse that.
        var got = await SendAsync("GET /h HTTP/1.1\r\nHost:\r\n\r\n", isCustom ? NothingButOne : new ProxySetup(), "");
        Assert.StartsWith("GET /h HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n\r\nHTTP/1.1 200 OK", got, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public Task Empty(string request) => SameAsync(request, new ProxySetup
    {
        Around = static (context, next) => context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(
            context,
            context.RequestServices.GetRequiredService<Yarp.ReverseProxy.IProxyStateLookup>().TryGetCluster("cluster", out var cluster)
                ? cluster.Destinations.Values.Single().Model.Config.Address
                : "",
            cluster!.Model.HttpClient,
            ForwarderRequestConfig.Empty,
            HttpTransformer.Empty).AsTask(),
    });

    /// <summary>Answers to a GET.</summary>
    public static TheoryData<string> Answers =>
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Type: x\r\n\r\n",
        "HTTP/1.1 302 Elsewhere\r\nLocation: /b?c\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 299 So So\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nx-added: theirs\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\ncontent-md5: x\r\nX-Empty:\r\nVary: a\r\nVary: b, c\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nProxy-Authenticate: x\r\nUpgrade: y\r\nClose: 1\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 500 Internal Server Error\r\nWWW-Authenticate: a\r\nx-l: \u00e4\r\nContent-Length: 0\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_SameForTheClient(string answer)
    {
        var setup = new ProxySetup
        {
            Around = static (context, next) =>
            {
                context.Response.Headers.StrictTransportSecurity = "max-age=9";
                context.Response.Headers["X-Added"] = "ours";
                return next(context);
            },
        };
        var theirs = await AskAsync(setup with { IsDirect = false });
        Assert.Equal(theirs, await AskAsync(setup));
        Assert.Equal(theirs, await AskAsync(setup with { Proxy = NothingButOne.Proxy }));

        async Task<string> AskAsync(ProxySetup which)
        {
            await using var server = new RawServer((_, wire) => wire.SendAsync(answer));
            await using var app = await ProxyApp.StartAsync(server.Port, which);
            var got = await app.AskAsync(ProxyApp.Get("/a"));
            return Date().Replace(got.Head, "Date: DATE") + got.Text;
        }
    }

    internal static readonly ProxySetup NothingButOne = new()
    {
        Proxy = static p => p.AddTransforms(static c => c.AddRequestTransform(static _ => ValueTask.CompletedTask)),
    };

    internal static async Task<string> SameAsync(string request, ProxySetup setup, string path = "")
    {
        var theirs = await SendAsync(request, setup with { IsDirect = false }, path);
        var ours = await SendAsync(request, setup, path);
        Assert.Equal(theirs, ours);
        return ours;
    }

    /// <summary>What the destination got, and what the client got.</summary>
    private static async Task<string> SendAsync(string request, ProxySetup setup, string path)
    {
        await using var server = new RawServer(static async (got, wire) =>
        {
            if (got.Header("Upgrade") is not null)
            {
                await wire.SendAsync(Ws.Accept(got));
                throw new EndOfStreamException();
            }
            var body = await got.ReadBodyAsync(wire);
            await wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {(got.Method == "HEAD" ? 7 : body.Length)}\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
                + "content-type: text/plain\r\nServer: raw\r\nKeep-Alive: 1\r\nalt-svc: x\r\nDate: now\r\n\r\n");
            await wire.SendAsync(body);
        });
        await using var app = await ProxyApp.StartAsync(setup with { Destinations = [$"http://127.0.0.1:{server.Port}/{path}"] });
        await using var client = await RawClient.ConnectAsync(app.Port);
        var answer = await client.AskAsync(request);
        var got = server.Requests.TryPeek(out var first) ? first.Head : "(nothing)";
        var all = $"{got}{answer.Head}{answer.Text}{string.Join(",", app.Errors.Select(e => e.Error))}"
            .Replace($":{server.Port}", ":PORT", StringComparison.Ordinal)
            .Replace($":{app.Port}", ":PROXY", StringComparison.Ordinal);
        all = Span().Replace(all, "traceparent: SPAN");
        return Date().Replace(all, "Date: DATE");
    }

    [GeneratedRegex("traceparent: 00-.{32}-.{16}-0[01]")]
    private static partial Regex Span();

    [GeneratedRegex("Date: .*? GMT")]
    private static partial Regex Date();
}
