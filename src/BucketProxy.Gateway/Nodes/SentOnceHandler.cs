using System.Net;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// Sees to it that a request is sent once (S4). The handler below silently sends a request without content again when a pooled
/// connection dies under it; it never does so with content, not even with an empty one.
/// </summary>
internal sealed class SentOnceHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is null && request.Method != HttpMethod.Get && request.Method != HttpMethod.Head && !IsHandshake(request))
            request.Content = new NoBytes();
        return base.SendAsync(request, cancellationToken);
    }

    /// <summary>An extended CONNECT has a stream, not content; nothing is sent again on HTTP/2 unless the node said that it was not taken.</summary>
    private static bool IsHandshake(HttpRequestMessage request) => request.Method == HttpMethod.Connect;

    private sealed class NoBytes : HttpContent
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
