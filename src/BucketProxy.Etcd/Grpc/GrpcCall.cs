using BucketProxy.Etcd.Errors;
using Google.Protobuf;

namespace BucketProxy.Etcd.Grpc;

/// <summary>One call under way: messages out, messages in, one status at the end. One reader and one writer at a time.</summary>
internal sealed class GrpcCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcChannel _channel;
    private readonly GrpcMethod<TResponse> _method;
    private readonly GrpcContent _content = new();
    private readonly HttpRequestMessage _request;
    private HttpResponseMessage? _response;
    private Stream? _body;

    public GrpcCall(GrpcChannel channel, GrpcMethod<TResponse> method, GrpcMetadata metadata, TimeSpan? timeout)
    {
        _channel = channel;
        _method = method;
        _request = new HttpRequestMessage(HttpMethod.Post, new Uri(channel.Endpoint.Uri, method.Path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _content,
        };
        metadata.AddTo(_request.Headers);
        if (timeout is { } limit)
            _request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcMetadata.FormatTimeout(limit));
    }

    public EtcdEndpoint Endpoint => _channel.Endpoint;

    /// <summary>Puts a message into the request; it leaves when <see cref="ReadAsync"/> has opened the call.</summary>
    public ValueTask WriteAsync(IMessage message, CancellationToken cancel) => _content.WriteAsync(GrpcFrame.Encode(message), cancel);

    /// <summary>No more messages from here.</summary>
    public void CompleteWriting() => _content.Complete();

    /// <summary>The next message; null when the call ended well.</summary>
    /// <exception cref="CallFailure">It ended otherwise.</exception>
    /// <exception cref="OperationCanceledException">Only from <paramref name="cancel"/>.</exception>
    public async Task<TResponse?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            if (_response is null)
                await OpenAsync(cancel).ConfigureAwait(false);
            if (_body is null)
                return null;
            if (await GrpcFrame.ReadAsync(_body, _channel.MaxMessageBytes, cancel).ConfigureAwait(false) is { } bytes)
                return _method.Parser.ParseFrom(bytes);
            ThrowUnlessOk(GrpcStatus.FromTrailers(_response!));
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new CallFailure(Endpoint, EtcdStatusCode.Internal, e.Message, Execution.Maybe, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CallFailure(Endpoint, EtcdStatusCode.Unavailable, TransportErrors.Describe(e), ExecutionOf(e), e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            // The handler reports its own time-outs (connecting) and aborted connections as cancellations that nobody asked for.
            throw new CallFailure(Endpoint, EtcdStatusCode.Unavailable, TransportErrors.Describe(e), ExecutionOf(e), e);
        }
    }

    /// <summary>What is known of a call that is given up now.</summary>
    public Execution ExecutionSoFar => _content.Started ? Execution.Maybe : Execution.Never;

    public void Dispose()
    {
        _response?.Dispose();
        _request.Dispose();
    }

    private async Task OpenAsync(CancellationToken cancel)
    {
        _response = await _channel.SendAsync(_request, cancel).ConfigureAwait(false);
        if (GrpcStatus.FromHeaders(_response) is { } ended)
            ThrowUnlessOk(ended);
        else
            _body = await _response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
    }

    private void ThrowUnlessOk((EtcdStatusCode Status, string Detail) end)
    {
        if (end.Status != EtcdStatusCode.Ok)
            throw CallFailure.FromStatus(Endpoint, end.Status, end.Detail);
    }

    // REFUSED_STREAM is HTTP/2's word for "not looked at" (RFC 9113, section 8.7).
    private Execution ExecutionOf(Exception e) => TransportErrors.IsRefusedStream(e) ? Execution.Never : ExecutionSoFar;
}
