using System.Net;
using BucketProxy.Core.Nodes;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Gateway.Admission;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// What <see cref="LinkTerms"/> are to the direct forwarder, for the runtime's client: a gate's refusal becomes the same exception, and nobody behind a gate speaks in its name.
/// </summary>
internal sealed class TermsHandler(HttpMessageHandler inner, NodeRecord node) : DelegatingHandler(inner)
{
    private static readonly HttpRequestOptionsKey<bool> HasGoneOut = new("bucketproxy.expecting");
    private static readonly HttpRequestOptionsKey<bool> NotAsked = new("bucketproxy.notasked");

    /// <summary>Whether a request was answered, and its body never asked for.</summary>
    public static bool IsBodyUnasked(HttpRequestMessage request) => request.Options.TryGetValue(NotAsked, out _);

    /// <summary>
    /// S4: called for each header of each head that is written. The handler below takes a request that waits behind <c>Expect</c> for one of which nothing was sent, and sends its head
    /// again on its own when the connection ends; but the gate may have passed it on. Over HTTP/2 it does so only where the node said that it was not taken.
    /// </summary>
    /// <exception cref="HttpRequestException">It is written a second time.</exception>
    public static void ThrowIfAgain(string header, HttpRequestMessage request)
    {
        if (header != TableMark.HeaderName || request.Version != HttpVersion.Version11 || request.Headers.ExpectContinue != true)
            return;
        if (request.Options.TryGetValue(HasGoneOut, out _))
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection ended, and the request may have been taken.");
        request.Options.Set(HasGoneOut, true);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        AskedForContent? asked = null;
        if (request.Content is { } content && request.Headers.ExpectContinue == true)
            request.Content = asked = new AskedForContent(content);
        var response = await base.SendAsync(request, cancellationToken);
        if (asked is { HasBegun: false })
            request.Options.Set(NotAsked, true);
        if (!response.Headers.NonValidated.TryGetValues(TableMark.HeaderName, out var mark))
            return response;
        if (node.Gate == GateKind.None || (int)response.StatusCode != StatusCodes.Status421MisdirectedRequest)
        {
            response.Headers.Remove(TableMark.HeaderName);
            return response;
        }
        var reason = mark.ToString();
        response.Dispose();
        // S4: what the gate had asked for it has taken, whatever it says now.
        throw asked is { HasBegun: true }
            ? new HttpRequestException(HttpRequestError.InvalidResponse, "The node's gate refuses a request that it had admitted.")
            : new DestinationRefusedException(node.LocalUrlText, reason);
    }

    /// <summary>Knows whether its content was asked for.</summary>
    private sealed class AskedForContent : HttpContent
    {
        private readonly HttpContent _content;

        public AskedForContent(HttpContent content)
        {
            _content = content;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        public bool HasBegun { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            HasBegun = true;
            return _content.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? 0;
            return _content.Headers.ContentLength is not null;
        }
    }
}
