using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>A transformer of which is known what it does. To whoever does not ask, it is the one that it was made from.</summary>
internal sealed class ClassifiedTransformer(HttpTransformer inner, TransformerKind kind) : HttpTransformer
{
    public TransformerKind Kind => kind;

    /// <summary>What is known of a transformer.</summary>
    public static TransformerKind KindOf(HttpTransformer transformer) =>
        transformer is ClassifiedTransformer classified ? classified.Kind
        : ReferenceEquals(transformer, Default) ? TransformerKind.Default
        : ReferenceEquals(transformer, Empty) ? TransformerKind.Empty
        : TransformerKind.Custom;

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken) =>
        inner.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken) =>
        inner.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);

    public override ValueTask TransformResponseTrailersAsync(
        HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) =>
        inner.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);

#pragma warning disable CS0618, CS0672 // Whoever still calls these means the inner one's.
    public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix) =>
        inner.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix);

    public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse) =>
        inner.TransformResponseAsync(httpContext, proxyResponse);

    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse) =>
        inner.TransformResponseTrailersAsync(httpContext, proxyResponse);
#pragma warning restore CS0618, CS0672
}
