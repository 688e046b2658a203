using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Etcd.Tests.Fake;

/// <summary>An HTTP/2 server that answers as the test says, also what no etcd would.</summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly CancellationTokenSource _ended = new();

    private FakeEtcd(Func<FakeCall, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.Run(async context =>
        {
            _calls.Enqueue(context.Request.Path);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _ended.Token);
            try
            {
                await answer(new FakeCall(context, ended.Token));
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // The client went away, or the test is over: nobody reads this answer.
            }
            catch (IOException) when (ended.IsCancellationRequested)
            {
                // As above.
            }
            catch (Exception e)
            {
                _faults.Enqueue(e);
                throw;
            }
        });
    }

    public EtcdEndpoint Endpoint => EtcdEndpoint.Parse(_app.Urls.Single());

    /// <summary>The paths of all requests that came in.</summary>
    public IReadOnlyCollection<string> Calls => _calls;

    public static async Task<FakeEtcd> StartAsync(Func<FakeCall, Task> answer)
    {
        var fake = new FakeEtcd(answer);
        await fake._app.StartAsync();
        return fake;
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _app.DisposeAsync();
        _ended.Dispose();
        if (!_faults.IsEmpty)
            throw new AggregateException("the fake itself failed", _faults);
    }
}

/// <summary>One request to the fake.</summary>
internal sealed class FakeCall(HttpContext context, CancellationToken ended)
{
    public HttpContext Http => context;

    /// <summary>The client went away, or the test is over.</summary>
    public CancellationToken Ended => ended;

    public string? Header(string name) => context.Request.Headers[name].FirstOrDefault();

    public async Task<T> ReadAsync<T>(MessageParser<T> parser)
        where T : IMessage<T>
    {
        var bytes = await GrpcFrame.ReadAsync(context.Request.Body, 1 << 20, ended) ?? throw new EndOfStreamException("the client sent no message");
        return parser.ParseFrom(bytes);
    }

    public async Task SendAsync(IMessage message) => await SendRawAsync(GrpcFrame.Encode(message));

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(bytes, ended);
        await context.Response.Body.FlushAsync(ended);
    }

    /// <summary>Ends the call with a status behind the messages.</summary>
    public async Task EndAsync(int status, string message = "")
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync(ended);
        }
        context.Response.AppendTrailer("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (message.Length > 0)
            context.Response.AppendTrailer("grpc-message", message);
    }

    /// <summary>Ends the call with a status and nothing else, as etcd does with errors.</summary>
    public void EndTrailersOnly(int status, string message = "")
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (message.Length > 0)
            context.Response.Headers["grpc-message"] = message;
    }

    /// <summary>One message and an OK.</summary>
    public async Task AnswerAsync(IMessage message)
    {
        await SendAsync(message);
        await EndAsync(0);
    }

    /// <summary>RST_STREAM with an HTTP/2 error code.</summary>
    public void Reset(int code) => context.Features.Get<IHttpResetFeature>()!.Reset(code);

    /// <summary>Waits until the client goes away.</summary>
    public Task StaySilentAsync() => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ended);

    public static byte[] FrameHeader(int length, byte compressed = 0)
    {
        var header = new byte[5];
        header[0] = compressed;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), length);
        return header;
    }
}
