using System.Text;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BucketProxy.Forwarder.Tests.Transforms;

/// <summary>Transforms of an application's own do here what they do in YARP: each test goes through both.</summary>
public sealed class CustomTransformTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: proxy.example\r\n\r\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_HeaderAdded_Arrives(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(r =>
        {
            r.ProxyRequest.Headers.Add("X-Ours", "1");
            r.Path = "/changed";
            r.ProxyRequest.Method = HttpMethod.Delete;
            return ValueTask.CompletedTask;
        }));

        Assert.Equal("ok", (await AskAsync(app, Get)).Text);

        var got = Assert.Single(server.Requests);
        Assert.Equal("DELETE /changed HTTP/1.1", got.Line);
        Assert.Equal("1", got.Header("X-Ours"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_HeaderAndStatusChanged_ReachTheClient(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(r =>
        {
            r.HttpContext.Response.Headers["X-Ours"] = r.ProxyResponse!.Content.Headers.ContentLength?.ToString();
            r.HttpContext.Response.StatusCode = 201;
            return ValueTask.CompletedTask;
        }));

        var answer = await AskAsync(app, Get);

        Assert.Equal(201, answer.Status);
        Assert.Equal("2", answer.Header("X-Ours"));
        Assert.Equal("ok", answer.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_TransformAnswersItself_NothingIsSent(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(async r =>
        {
            r.HttpContext.Response.StatusCode = 418;
            await r.HttpContext.Response.WriteAsync("ours");
        }));

        var answer = await AskAsync(app, Get);

        Assert.Equal((418, "ours"), (answer.Status, answer.Text));
        Assert.Empty(server.Requests);
        Assert.Empty(app.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_TransformFails_RequestCreation(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(_ => throw new InvalidDataException("no")));

        Assert.Equal(502, (await AskAsync(app, Get)).Status);

        var error = Assert.Single(app.Errors);
        Assert.Equal(ForwarderError.RequestCreation, error.Error);
        Assert.IsType<InvalidDataException>(error.Exception);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TransformFails_ResponseHeadersAndNothingOfTheAnswer(bool isDirect)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nX-Theirs: 1\r\nContent-Length: 2\r\n\r\nok"));
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(_ => throw new InvalidDataException("no")));

        var answer = await AskAsync(app, Get);

        Assert.Equal(502, answer.Status);
        Assert.Empty(answer.All("X-Theirs"));
        var error = Assert.Single(app.Errors);
        Assert.Equal(ForwarderError.ResponseHeaders, error.Error);
        Assert.IsType<InvalidDataException>(error.Exception);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TransformSuppressesTheBody_AnswerThrownAway(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(async r =>
        {
            var theirs = await r.ProxyResponse!.Content.ReadAsStringAsync();
            r.SuppressResponseBody = true;
            r.HttpContext.Response.ContentLength = null;
            await r.HttpContext.Response.WriteAsync($"[{theirs}]");
        }));
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal("[ok]", (await client.AskAsync(Get)).Text);
        Assert.Equal("[ok]", (await client.AskAsync(Get)).Text);

        // It was read to its end: nothing speaks against the connection.
        Assert.Equal(1, server.Connections);
        Assert.Empty(app.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TransformSuppressesABodyThatItDidNotRead_NextRequestIsAnsweredRight(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(r =>
        {
            r.SuppressResponseBody = r.HttpContext.Request.Path == "/a";
            if (r.SuppressResponseBody)
                r.HttpContext.Response.ContentLength = 0;
            return ValueTask.CompletedTask;
        }));
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal("", (await client.AskAsync(Get)).Text);
        Assert.Equal("ok", (await client.AskAsync(Get.Replace("/a", "/b", StringComparison.Ordinal))).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TransformPutsAnotherBodyInPlace_ClientGetsThat(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(async r =>
        {
            var theirs = await r.ProxyResponse!.Content.ReadAsByteArrayAsync();
            r.ProxyResponse.Content = new StringContent($"other than {Encoding.ASCII.GetString(theirs)}");
            r.HttpContext.Response.ContentLength = null;
        }));

        Assert.Equal("other than ok", (await AskAsync(app, Get)).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TransformReadsTheBodyIntoMemory_ClientGetsItToo(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddResponseTransform(async r =>
            r.HttpContext.Response.Headers["X-Body"] = await r.ProxyResponse!.Content.ReadAsStringAsync()));

        var answer = await AskAsync(app, Get);

        Assert.Equal(("ok", "ok"), (answer.Text, answer.Header("X-Body")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_NoneCame_TransformsSeeThat(bool isDirect)
    {
        await using var server = new RawServer(static (_, _) => throw new EndOfStreamException());
        await using var app = await StartAsync(isDirect, server.Port, c =>
            c.ResponseTransforms.Add(new ResponseFuncTransform(r =>
            {
                r.HttpContext.Response.Headers["X-None"] = r.ProxyResponse is null ? "1" : "0";
                return ValueTask.CompletedTask;
            })));

        var answer = await AskAsync(app, Get);

        Assert.Equal((502, "1"), (answer.Status, answer.Header("X-None")));
        Assert.Equal(ForwarderError.Request, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_TransformNamesAnotherHost_GoesThere(bool isDirect)
    {
        await using var server = new RawServer();
        await using var other = new RawServer(static (_, wire) => wire.SendAsync(RawServer.Ok.Replace("ok", "no", StringComparison.Ordinal)));
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(r =>
        {
            r.ProxyRequest.RequestUri = new Uri($"http://127.0.0.1:{other.Port}/there?x");
            return ValueTask.CompletedTask;
        }));

        Assert.Equal("no", (await AskAsync(app, Get)).Text);

        var got = Assert.Single(other.Requests);
        Assert.Equal(("GET /there?x HTTP/1.1", $"127.0.0.1:{other.Port}"), (got.Line, got.Header("Host")));
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_ContentReplaced_Refused(bool isDirect)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(r =>
        {
            r.ProxyRequest.Content = new StringContent("other");
            return ValueTask.CompletedTask;
        }));

        Assert.Equal(502, (await AskAsync(app, Get)).Status);

        Assert.Equal(ForwarderError.RequestCreation, Assert.Single(app.Errors).Error);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_BodyChangedInTheContext_GoesOut(bool isDirect)
    {
        var body = "";
        await using var server = new RawServer(async (got, wire) =>
        {
            body = Encoding.ASCII.GetString(await got.ReadBodyAsync(wire));
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await StartAsync(isDirect, server.Port, c => c.AddRequestTransform(r =>
        {
            r.HttpContext.Request.Body = new MemoryStream("changed"u8.ToArray());
            r.ProxyRequest.Content!.Headers.ContentLength = 7;
            return ValueTask.CompletedTask;
        }));

        Assert.Equal("ok", (await AskAsync(app, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")).Text);
        Assert.Equal("changed", body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trailers_TransformAdds_ClientOfHttp2GetsThem(bool isDirect)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Theirs\r\n\r\n2\r\nok\r\n0\r\nX-Theirs: 1\r\n\r\n"));
        await using var app = await StartAsync(isDirect, server.Port, isHttp2: true, transforms: c => c.AddResponseTrailersTransform(r =>
        {
            r.HttpContext.Response.AppendTrailer("X-Ours", r.ProxyResponse!.TrailingHeaders.GetValues("X-Theirs").Single());
            return ValueTask.CompletedTask;
        }));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{app.Port}/a")
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var answer = await client.SendAsync(request);

        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
        Assert.Equal("1", answer.TrailingHeaders.GetValues("X-Theirs").Single());
        Assert.Equal("1", answer.TrailingHeaders.GetValues("X-Ours").Single());
    }

    private static Task<ProxyApp> StartAsync(bool isDirect, int port, Action<TransformBuilderContext> transforms, bool isHttp2 = false) =>
        ProxyApp.StartAsync(port, new ProxySetup { IsDirect = isDirect, IsHttp2 = isHttp2, Proxy = p => p.AddTransforms(transforms) });

    private static async Task<RawResponse> AskAsync(ProxyApp app, string request)
    {
        await using var client = await RawClient.ConnectAsync(app.Port);
        return await client.AskAsync(request);
    }
}
