using BucketProxy.Etcd.Errors;
using Google.Protobuf;

namespace BucketProxy.Etcd.Grpc;

/// <summary>The connection to one endpoint. All calls share one HTTP/2 connection, which is opened anew when it dies.</summary>
internal sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;

    public GrpcChannel(EtcdEndpoint endpoint, EtcdClientOptions options, TimeProvider time)
    {
        Endpoint = endpoint;
        MaxMessageBytes = options.MaxMessageBytes;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 1024 * 1024,
            // Rule 6. Only while calls are under way: etcd hangs up on clients that ping an idle connection.
            KeepAlivePingDelay = options.PingInterval,
            KeepAlivePingTimeout = options.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        if (endpoint.IsTls)
            handler.SslOptions = (options.Tls ?? new EtcdTls()).ToSslOptions();
        _http = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public EtcdEndpoint Endpoint { get; }

    public int MaxMessageBytes { get; }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) => _http.SendAsync(request, cancel);

    /// <summary>One message there, one back.</summary>
    /// <exception cref="CallFailure">Anything but an answer.</exception>
    /// <exception cref="OperationCanceledException">Only from <paramref name="cancel"/>.</exception>
    public async Task<TResponse> UnaryAsync<TResponse>(
        GrpcMethod<TResponse> method, IMessage request, GrpcMetadata metadata, TimeSpan timeout, CancellationToken cancel)
        where TResponse : class, IMessage<TResponse>
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        using var call = new GrpcCall<TResponse>(this, method, metadata, timeout);
        try
        {
            await call.WriteAsync(request, either.Token).ConfigureAwait(false);
            call.CompleteWriting();
            var answer = await call.ReadAsync(either.Token).ConfigureAwait(false)
                ?? throw new CallFailure(Endpoint, EtcdStatusCode.Internal, "the answer holds no message", Execution.Maybe);
            // Read on to the end: the status stands there, and an answer without a good one is none.
            return await call.ReadAsync(either.Token).ConfigureAwait(false) is null
                ? answer
                : throw new CallFailure(Endpoint, EtcdStatusCode.Internal, "the answer holds more than one message", Execution.Maybe);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new CallFailure(Endpoint, EtcdStatusCode.DeadlineExceeded, $"no answer within {timeout.TotalSeconds:0.###} s", call.ExecutionSoFar, e);
        }
    }

    public void Dispose() => _http.Dispose();
}
