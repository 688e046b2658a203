using System.Net;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// Sees to it that a request is sent once (S4). The handler below silently sends a request without content again when a pooled
/// connection dies under it; it never does so with content, not even with an empty one.
/// </summary>
internal sealed class NodeHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Content headers (<c>Content-Type</c>…) of a request that has no body, which no other place takes.</summary>
    public static readonly HttpRequestOptionsKey<List<KeyValuePair<string, string?>>> BodylessHeaders = new("bucketproxy.bodyless");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is null)
        {
            if (request.Options.TryGetValue(BodylessHeaders, out var headers))
            {
                request.Content = new EmptyContent();
                foreach (var (name, value) in headers)
                    request.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
            {
                request.Content = new EmptyContent();
            }
        }
        return base.SendAsync(request, cancellationToken);
    }

    private sealed class EmptyContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return true;
        }
    }
}
