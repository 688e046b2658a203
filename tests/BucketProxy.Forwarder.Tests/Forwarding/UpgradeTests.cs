using System.Net.Sockets;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Websockets, within their request and beyond it.</summary>
public sealed class UpgradeTests
{
    public static TheoryData<string> Kinds => ["default", "exact", "custom"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WebSocket_EchoesAndEndsWithItsDestination(string kind)
    {
        await using var server = new RawServer(Ws.EchoAsync);
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        await client.SendAsync(Ws.Handshake("/ws"));
        var head = await client.Wire.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head, StringComparison.Ordinal);
        foreach (var length in new[] { 0, 1, 200, 70_000 })
        {
            await client.Wire.SendAsync(Ws.Frame(Ws.Binary, Bytes.From(length, length), masked: true));
            Bytes.Check((await client.Wire.ReadFrameAsync()).Payload, length);
        }
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, "", masked: true));

        Assert.Equal(Ws.Close, (await client.Wire.ReadFrameAsync()).Opcode);
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        Assert.Empty(app.Errors);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WebSocket_DestinationRefuses_AnOrdinaryAnswer(string kind)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        var answer = await client.AskAsync(Ws.Handshake("/ws"));

        Assert.Equal((403, "no"), (answer.Status, answer.Text));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task SwitchedUnasked_502(string kind)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"));
        await using var app = await StartAsync(kind, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal(502, (await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Detached_OutlivesItsRequest_AndCancellationClosesTheDestinationBeforeItReturns(string kind)
    {
        var detached = new TaskCompletionSource<Detached>(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource<IForwarderErrorFeature?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var connections = new DirectHttpClient(new DirectHttpClientOptions(), TimeProvider.System);
        await using var server = new RawServer(Ws.EchoAsync);
        await using var app = await StartDetachedAsync(kind, server.Port, connections, detached, left);
        await using var client = await RawClient.ConnectAsync(app.Port);
        await client.SendAsync(Ws.Handshake("/ws"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.Wire.ReadHeadAsync(), StringComparison.Ordinal);
        var stream = await detached.Task.Within();
        Assert.Null(await left.Task.Within());

        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true));
        Assert.Equal("hello", (await client.Wire.ReadFrameAsync()).Text);
        Assert.Equal(1, connections.OpenConnections($"http://127.0.0.1:{server.Port}/"));

        await stream.End.CancelAsync();

        Assert.Equal(0, connections.OpenConnections($"http://127.0.0.1:{server.Port}/"));
        await stream.Copying!.Within();
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
    }

    [Fact]
    public async Task Cancelled_DestinationIsClosedBeforeTheCancellationReturns()
    {
        using var end = new CancellationTokenSource();
        using var connections = new DirectHttpClient(new DirectHttpClientOptions(), TimeProvider.System);
        var done = new TaskCompletionSource<ForwarderError>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawServer(Ws.EchoAsync);
        var prefix = $"http://127.0.0.1:{server.Port}/";
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup
        {
            Around = async (context, _) => done.SetResult(await context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(
                context, prefix, connections, ForwarderRequestConfig.Empty, HttpTransformer.Default, end.Token)),
        });
        await using var client = await RawClient.ConnectAsync(app.Port);
        await client.SendAsync(Ws.Handshake("/ws"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.Wire.ReadHeadAsync(), StringComparison.Ordinal);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true));
        await client.Wire.ReadFrameAsync();
        Assert.Equal(1, connections.OpenConnections(prefix));

        await end.CancelAsync();

        Assert.Equal(0, connections.OpenConnections(prefix));
        Assert.Equal(ForwarderError.UpgradeRequestCanceled, await done.Task.Within());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Detached_ClientEndsItsSide_AllThatTheDestinationStillSendsComes(bool usesLoops)
    {
        var detached = new TaskCompletionSource<Detached>(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource<IForwarderErrorFeature?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var connections = new DirectHttpClient(new DirectHttpClientOptions { UseLoops = usesLoops }, TimeProvider.System);
        await using var server = new RawServer(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            var said = await wire.ReadToEndAsync();
            await wire.SendAsync(said);
            await wire.SendAsync(Bytes.From(0, 1_000_000));
            throw new EndOfStreamException();
        });
        await using var app = await StartDetachedAsync("default", server.Port, connections, detached, left);
        await using var client = await RawClient.ConnectAsync(app.Port);
        await client.SendAsync(Ws.Handshake("/ws"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.Wire.ReadHeadAsync(), StringComparison.Ordinal);

        await client.SendAsync("last");
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal("last"u8.ToArray(), await client.Wire.ReadExactlyAsync(4));
        var rest = await client.Wire.ReadToEndAsync().Within();
        Assert.Equal(1_000_000, rest.Length);
        Bytes.Check(rest, 0);
        await (await detached.Task.Within()).Copying!.Within();
        Assert.Equal(0, connections.OpenConnections($"http://127.0.0.1:{server.Port}/"));
    }

    private static Task<ProxyApp> StartDetachedAsync(
        string kind, int port, DirectHttpClient connections, TaskCompletionSource<Detached> detached, TaskCompletionSource<IForwarderErrorFeature?> left) =>
        StartAsync(kind, port, p => p with
        {
            Around = async (context, next) =>
            {
                if (DetachedUpgrade.For(context) is { } upgrade)
                    context.Features.Set<IHttpUpgradeFeature>(new Detaching(upgrade, detached));
                await next(context);
                left.TrySetResult(context.Features.Get<IForwarderErrorFeature>());
            },
            Proxy = b =>
            {
                p.Proxy?.Invoke(b);
                b.Services.AddSingleton<IForwarderHttpClientFactory>(new Given(connections));
            },
        });

    private static Task<ProxyApp> StartAsync(string kind, int port, Func<ProxySetup, ProxySetup>? change = null)
    {
        var setup = new ProxySetup
        {
            Proxy = kind switch
            {
                "exact" => static p => p.AddTransforms(static c => c.AddExactForwarding()),
                "custom" => static p => p.AddTransforms(static c => c.AddResponseTransform(static _ => ValueTask.CompletedTask)),
                _ => null,
            },
        };
        return ProxyApp.StartAsync(port, change?.Invoke(setup) ?? setup);
    }

    private sealed class Given(DirectHttpClient client) : IForwarderHttpClientFactory
    {
        public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => client;
    }

    private sealed class Detaching(IHttpUpgradeFeature inner, TaskCompletionSource<Detached> made) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => new Detached(await inner.UpgradeAsync(), made);
    }

    /// <summary>The smallest that there can be: it runs, and somebody may end it.</summary>
    private sealed class Detached(Stream inner, TaskCompletionSource<Detached> made) : Stream, IDetachedUpgrade
    {
        public CancellationTokenSource End { get; } = new();

        public Task? Copying { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Run(Func<CancellationToken, Task> copy)
        {
            Copying = copy(End.Token);
            made.SetResult(this);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
