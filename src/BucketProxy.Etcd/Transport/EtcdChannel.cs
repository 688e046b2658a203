using BucketProxy.Etcd.Errors;
using Grpc.Core;
using Grpc.Net.Client;

namespace BucketProxy.Etcd.Transport;

/// <summary>The connection to one endpoint, and the stubs that call over it. All calls share one HTTP/2 connection, which is opened anew when it dies.</summary>
internal sealed class EtcdChannel : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly TimeProvider _time;

    public EtcdChannel(EtcdEndpoint endpoint, EtcdClientOptions options, TimeProvider time)
    {
        Endpoint = endpoint;
        _time = time;
        var connection = new SocketsHttpHandler
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
            connection.SslOptions = (options.Tls ?? new EtcdTls()).ToSslOptions();
        _channel = GrpcChannel.ForAddress(endpoint.Uri, new GrpcChannelOptions
        {
            // A client of ours instead of a handler: with a handler the channel opens connections by a load balancer of its own, whose waits between
            // attempts are not those of our options.
            HttpClient = new HttpClient(new AttemptHandler(connection)) { Timeout = Timeout.InfiniteTimeSpan },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = options.MaxMessageBytes,
            MaxSendMessageSize = null,
            CompressionProviders = [],
        });
        var calls = _channel.CreateCallInvoker();
        Kv = new(calls);
        Lease = new(calls);
        Watch = new(calls);
        Cluster = new(calls);
        Maintenance = new(calls);
        Auth = new(calls);
    }

    public EtcdEndpoint Endpoint { get; }

    public Wire.KV.KVClient Kv { get; }

    public Wire.Lease.LeaseClient Lease { get; }

    public Wire.Watch.WatchClient Watch { get; }

    public Wire.Cluster.ClusterClient Cluster { get; }

    public Wire.Maintenance.MaintenanceClient Maintenance { get; }

    public Wire.Auth.AuthClient Auth { get; }

    /// <summary>One message there, one back.</summary>
    /// <exception cref="CallFailure">Anything but an answer.</exception>
    /// <exception cref="OperationCanceledException">Only from <paramref name="cancel"/>.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        EtcdMethod<TRequest, TResponse> method, TRequest request, CallMetadata metadata, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        var attempt = new Attempt(Endpoint, timeout);
        AttemptHandler.Follow(attempt);
        try
        {
            return await method.Start(this, request, new CallOptions(metadata.ToHeaders(), cancellationToken: either.Token)).ConfigureAwait(false);
        }
        catch (RpcException e) when (cancel.IsCancellationRequested && attempt.WasGivenUp(e))
        {
            throw new OperationCanceledException(e.Status.Detail, e, cancel);
        }
        catch (RpcException e) when (deadline.IsCancellationRequested && attempt.WasGivenUp(e))
        {
            throw new CallFailure(Endpoint, EtcdStatusCode.DeadlineExceeded, $"no answer within {timeout.TotalSeconds:0.###} s", attempt.ExecutionSoFar, e);
        }
        catch (RpcException e)
        {
            throw attempt.ToFailure(e);
        }
    }

    /// <summary>Closes the connection: calls and streams under way fail.</summary>
    public void Dispose() => _channel.Dispose();
}
