using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>What the client and the application are told, whatever the transforms.</summary>
public sealed class FailureTests
{
    public static TheoryData<string> Kinds => ["default", "exact", "custom"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task DestinationDoesNotAnswer_ActivityTimeout504(string kind)
    {
        await using var server = new RawServer(static (_, wire) => wire.ReadToEndAsync());
        await using var app = await StartAsync(kind, server.Port, TimeSpan.FromMilliseconds(300));

        Assert.Equal(504, (await AskAsync(app, "GET")).Status);

        var error = Assert.Single(app.Errors);
        Assert.Equal(ForwarderError.RequestTimedOut, error.Error);
        Assert.IsType<TimeoutException>(error.Exception);
    }

    // A used connection that broke is a reason to send a GET again; one that the proxy closed for its silence is none.
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task DestinationDoesNotAnswerOnAUsedConnection_AskedOnce(string kind)
    {
        await using var server = new RawServer(static (request, wire) =>
            request.Method == "HEAD" ? wire.SendAsync("HTTP/1.1 204 No Content\r\n\r\n") : wire.ReadToEndAsync());
        await using var app = await StartAsync(kind, server.Port, TimeSpan.FromMilliseconds(300));
        await AskAsync(app, "HEAD");

        Assert.Equal(504, (await AskAsync(app, "GET")).Status);

        Assert.Equal(["HEAD", "GET"], server.Requests.Select(r => r.Method));
        Assert.All(server.Requests, r => Assert.Equal(1, r.Connection));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AnswerStopsInTheMiddle_ConnectionCut(string kind)
    {
        await using var server = new RawServer(static async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            await wire.ReadToEndAsync();
        });
        await using var app = await StartAsync(kind, server.Port, TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<IOException>(() => AskAsync(app, "GET"));

        await Patience.UntilAsync(() => !app.Errors.IsEmpty, "it is told");
        Assert.Equal(ForwarderError.ResponseBodyDestination, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task NobodyListens_Unreachable502(string kind)
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var app = await StartAsync(kind, ((IPEndPoint)closed.LocalEndPoint!).Port);

        Assert.Equal(502, (await AskAsync(app, "POST")).Status);

        var error = Assert.Single(app.Errors);
        Assert.Equal(ForwarderError.Request, error.Error);
        Assert.IsType<DestinationUnreachableException>(error.Exception);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AnswerIsNone_502(string kind)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nX-Theirs: 1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"));
        await using var app = await StartAsync(kind, server.Port);

        var answer = await AskAsync(app, "GET");

        Assert.Equal(502, answer.Status);
        Assert.Empty(answer.All("X-Theirs"));
        Assert.Equal(ForwarderError.Request, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task ClientGone_DestinationIsClosed(string kind)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawServer(async (_, wire) =>
        {
            Assert.Null(await wire.ReadByteAsync());
            ended.SetResult();
        });
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Patience.UntilAsync(() => !server.Requests.IsEmpty, "the request is there");

        client.Reset();

        await ended.Task.Within();
        await Patience.UntilAsync(() => !app.Errors.IsEmpty, "it is told");
        Assert.Equal(ForwarderError.RequestCanceled, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [InlineData("default", "POST")]
    [InlineData("default", "DELETE")]
    [InlineData("exact", "POST")]
    [InlineData("exact", "DELETE")]
    [InlineData("custom", "POST")]
    [InlineData("custom", "DELETE")]
    public async Task PooledConnectionDies_SentOnce(string kind, string method)
    {
        // The second request of a connection ends it, without an answer.
        await using var server = new RawServer(EndsAtTheSecond());
        await using var app = await StartAsync(kind, server.Port);
        Assert.Equal(200, (await AskAsync(app, "GET")).Status);

        Assert.Equal(502, (await AskAsync(app, method)).Status);

        Assert.Single(server.Requests, r => r.Method == method);
        Assert.Equal(ForwarderError.Request, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task PooledConnectionDies_AGetGoesOnceMore(string kind)
    {
        await using var server = new RawServer(EndsAtTheSecond());
        await using var app = await StartAsync(kind, server.Port);

        Assert.Equal(200, (await AskAsync(app, "GET")).Status);
        Assert.Equal(200, (await AskAsync(app, "GET")).Status);

        Assert.Equal(3, server.Requests.Count);
        Assert.Empty(app.Errors);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task BodyIsMalformed_400AndTheDestinationSeesNoEnd(string kind)
    {
        await using var server = new RawServer(static async (got, wire) =>
        {
            await got.ReadBodyAsync(wire);
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal(400, (await client.AskAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")).Status);

        Assert.Equal(ForwarderError.RequestBodyClient, Assert.Single(app.Errors).Error);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task BodyBreaksWhenTheHeadHasGone_400AndTheDestinationIsClosed(string kind)
    {
        await using var server = new RawServer(static async (got, wire) =>
        {
            await got.ReadBodyAsync(wire);
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await Patience.UntilAsync(() => !server.Requests.IsEmpty, "the request is there");
        await client.SendAsync("zz\r\n");

        Assert.Equal(400, (await client.ReadResponseAsync()).Status);
        Assert.Equal(ForwarderError.RequestBodyClient, Assert.Single(app.Errors).Error);
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the destination's connection is closed");
    }

    [Fact]
    public async Task AnotherClient_ArgumentExceptionSaysWhatToDo()
    {
        await using var server = new RawServer();
        using var other = new HttpMessageInvoker(new SocketsHttpHandler());
        Exception? thrown = null;
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup
        {
            Around = async (context, _) => thrown = await Record.ExceptionAsync(async () =>
                await context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(context, "http://127.0.0.1:1/", other)),
        });

        await AskAsync(app, "GET");

        Assert.Contains("AddDirectForwarder", Assert.IsType<ArgumentException>(thrown).Message, StringComparison.Ordinal);
    }

    private static Func<RawRequest, RawConnection, Task> EndsAtTheSecond()
    {
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        return (got, wire) => seen.TryAdd(got.Connection, true) ? wire.SendAsync(RawServer.Ok) : throw new EndOfStreamException();
    }

    private static Task<ProxyApp> StartAsync(string kind, int port, TimeSpan? timeout = null) => ProxyApp.StartAsync(port, new ProxySetup
    {
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = timeout },
        Proxy = kind switch
        {
            "exact" => static p => p.AddTransforms(static c => c.AddExactForwarding()),
            "custom" => static p => p.AddTransforms(static c => c.AddResponseTransform(static _ => ValueTask.CompletedTask)),
            _ => null,
        },
    });

    private static async Task<RawResponse> AskAsync(ProxyApp app, string method)
    {
        await using var client = await RawClient.ConnectAsync(app.Port);
        return await client.AskAsync($"{method} /a HTTP/1.1\r\nHost: a\r\n{(method == "POST" ? "Content-Length: 0\r\n" : "")}\r\n");
    }
}
