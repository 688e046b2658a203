using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// Makes the messages that an application's transformer wants to see, and reads from them what it made of them. One for each request.
/// </summary>
internal sealed class CustomTranslator : Translator, IDisposable
{
    private readonly HttpTransformer _transformer;
    private readonly HttpContext _context;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _cancel;
    private readonly HttpRequestMessage _request = new();
    private HttpResponseMessage? _response;
    private AnswerContent? _content;

    /// <param name="transformer">The application's.</param>
    /// <param name="context">The request.</param>
    /// <param name="patience">How long the transformer may take, in milliseconds; <see cref="int.MaxValue"/> for ever.</param>
    /// <param name="time">What that goes by.</param>
    /// <param name="token">Cancels it, besides a client that goes away.</param>
    public CustomTranslator(HttpTransformer transformer, HttpContext context, int patience, TimeProvider time, CancellationToken token)
    {
        _transformer = transformer;
        _context = context;
        _limit = patience == int.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(patience);
        _timeout = new CancellationTokenSource(_limit, time);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, token, _timeout.Token);
    }

    /// <summary>Has the request made. False: the transformer has answered it, or wants nothing sent.</summary>
    /// <exception cref="Exception">Whatever the transformer throws, and what speaks against the message that it made.</exception>
    public async ValueTask<bool> TransformRequestAsync(string destinationPrefix, ForwarderRequestConfig config, Upgrade upgrade)
    {
        var incoming = _context.Request;
        _request.Version = upgrade == Upgrade.None ? config.Version ?? HttpVersion.Version20 : HttpVersion.Version11;
        _request.VersionPolicy = config.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower;
        _request.Method = upgrade == Upgrade.None ? MethodOf(incoming.Method) : HttpMethod.Get;
        var content = upgrade == Upgrade.None && RequestBodies.Of(_context) != RequestBody.None ? new BodyContent() : null;
        _request.Content = content;
        await _transformer.TransformRequestAsync(_context, _request, destinationPrefix, _cancel.Token);
        if (!ReferenceEquals(_request.Content, content) && !IsYarps(_request.Content))
        {
            throw new InvalidOperationException(
                "Replacing the content of the outgoing request is not supported. Change HttpContext.Request instead.");
        }
        // Somebody has answered already, as YARP sees it.
        if (_context.Response.StatusCode != StatusCodes.Status200OK || _context.Response.HasStarted)
            return false;
        _cancel.Token.ThrowIfCancellationRequested();
        if (upgrade == Upgrade.WebSocket)
        {
            _request.Headers.TryAddWithoutValidation("Connection", UpgradeHeaders.OptionOf(incoming.Headers));
            _request.Headers.TryAddWithoutValidation("Upgrade", (IEnumerable<string?>)incoming.Headers.Upgrade);
        }
        _request.RequestUri ??= RequestUtilities.MakeDestinationAddress(destinationPrefix, incoming.Path, incoming.QueryString);
        return true;
    }

    /// <summary>Where the message goes: the transformer may have named another host than the destination's.</summary>
    /// <exception cref="UriFormatException">It is none of <c>http</c> or <c>https</c>.</exception>
    public Destination DestinationOf(Destination destination, DirectHttpClient client)
    {
        var url = _request.RequestUri!;
        return destination.IsAt(url) ? destination : client.For(url.GetLeftPart(UriPartial.Authority));
    }

    public override void Describe(Delivery delivery)
    {
        delivery.IsHead = _request.Method == HttpMethod.Head;
        delivery.IsSafe = delivery.IsHead || _request.Method == HttpMethod.Get;
        delivery.Body = RequestBody.None;
        delivery.BodyLength = 0;
        delivery.WebSocketKey = null;
        if (_request.Content is { } content)
        {
            if (_request.Headers.TransferEncodingChunked is true && content is BodyContent)
                content.Headers.ContentLength = null;
            delivery.BodyLength = content.Headers.ContentLength ?? 0;
            if (content is BodyContent)
            {
                delivery.Body = content.Headers.ContentLength is null ? RequestBody.Chunked
                    : delivery.BodyLength > 0 ? RequestBody.Length : RequestBody.None;
            }
        }
        if (delivery.Body == RequestBody.Chunked)
            _request.Headers.TransferEncodingChunked = true;
        else
            _request.Headers.TransferEncodingChunked = null;
        if (delivery.Upgrade == Upgrade.ExtendedConnect)
        {
            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            _request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            _request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
            _request.Headers.Remove("Sec-WebSocket-Key");
            _request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
            delivery.WebSocketKey = key;
        }
        if (Activity.Current is { } activity)
        {
            new ReverseProxyPropagator(DistributedContextPropagator.Current).Inject(
                activity, _request, static (r, name, value) => ((HttpRequestMessage)r!).Headers.TryAddWithoutValidation(name, value));
        }
    }

    public override void WriteHead(ref HeadWriter to, Delivery delivery) => MessageHead.Write(ref to, _request, delivery);

    public override void TakeHead(ReadOnlySpan<byte> bytes, Delivery delivery)
    {
        _content = new AnswerContent(delivery.Connection);
        _response = new HttpResponseMessage { Content = _content, RequestMessage = _request, Version = HttpVersion.Version11 };
        var fields = new MessageFields(_response);
        var head = AnswerHead.Read(bytes, ref fields);
        if (delivery.Terms?.HiddenHeader is { } hidden)
            _response.Headers.Remove(hidden);
        delivery.Connection.BeginBody(head, delivery.IsHead);
        _response.StatusCode = (HttpStatusCode)head.Status;
        if (AnswerStatus.ReasonOf(head) is { } reason)
            _response.ReasonPhrase = reason;
        if (head.PassedLength is { } length)
            _content.Headers.ContentLength = length;
        AnswerStatus.Take(delivery.Context, head);
    }

    public override async ValueTask<bool> BeginAnswerAsync(Delivery delivery)
    {
        try
        {
            _timeout.CancelAfter(_limit);
            return await _transformer.TransformResponseAsync(_context, _response, _cancel.Token);
        }
        catch (Exception e)
        {
            throw new AnswerNotTakenException(e);
        }
    }

    public override ValueTask<bool> CarryAsync(Delivery delivery) =>
        ReferenceEquals(_response!.Content, _content) && !_content!.WasAskedFor ? base.CarryAsync(delivery) : CopyAsync(delivery);

    public override ValueTask EndAnswerAsync(Delivery delivery)
    {
        foreach (var (name, value) in AnswerRelay.Trailers(delivery))
            _response!.TrailingHeaders.TryAddWithoutValidation(name, value);
        _timeout.CancelAfter(_limit);
        return _transformer.TransformResponseTrailersAsync(_context, _response!, _cancel.Token);
    }

    public override async ValueTask FailAsync(HttpContext context)
    {
        try
        {
            await _transformer.TransformResponseAsync(context, proxyResponse: null, _cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // What the client is told is more to the point.
        }
    }

    // From here on the connection is another's.
    public override void Release() => _content?.Leave();

    public void Dispose()
    {
        _cancel.Dispose();
        _timeout.Dispose();
        _response?.Dispose();
        _request.Dispose();
    }

    /// <summary>The transformer has read some of the body, or put another in its place: what its content gives now is the answer's.</summary>
    private async ValueTask<bool> CopyAsync(Delivery delivery)
    {
        // It may take as long as it likes while something moves on the connection, which its own clock looks to.
        _timeout.CancelAfter(Timeout.InfiniteTimeSpan);
        await using var body = await _response!.Content.ReadAsStreamAsync(_cancel.Token);
        await body.CopyToAsync(_context.Response.Body, _cancel.Token);
        return true;
    }

    /// <summary>The empty content that YARP's own transforms put content headers on.</summary>
    private static bool IsYarps(HttpContent? content) => content is not null && content.GetType().Assembly == typeof(IHttpForwarder).Assembly;

    /// <exception cref="NotSupportedException">A tunnel is not forwarded.</exception>
    private static HttpMethod MethodOf(string method) =>
        HttpMethods.IsConnect(method) ? throw new NotSupportedException("CONNECT is not forwarded.") : HttpMethod.Parse(HttpMethods.GetCanonicalizedValue(method));

    /// <summary>Stands for the client's body: its headers are content headers.</summary>
    private sealed class BodyContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            throw new NotSupportedException("The client's body is in HttpContext.Request.");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
