using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Builds transformers by another builder, and looks at what they are made of.</summary>
internal sealed class ClassifyingTransformBuilder : ITransformBuilder
{
    // The builder's calls come and go on one thread.
    [ThreadStatic]
    private static TransformerKind _seen;
    private readonly ITransformBuilder _inner;

    /// <param name="inner">Makes the other builder, with a provider of transforms that is to come last: it adds none.</param>
    public ClassifyingTransformBuilder(Func<ITransformProvider, ITransformBuilder> inner) => _inner = inner(new Look());

    public IReadOnlyList<Exception> ValidateRoute(RouteConfig route) => _inner.ValidateRoute(route);

    public IReadOnlyList<Exception> ValidateCluster(ClusterConfig cluster) => _inner.ValidateCluster(cluster);

    public HttpTransformer Build(RouteConfig route, ClusterConfig? cluster)
    {
        // A builder that does not ask the last provider stays with that.
        _seen = TransformerKind.Custom;
        var transformer = _inner.Build(route, cluster);
        return new ClassifiedTransformer(transformer, _seen);
    }

    public HttpTransformer Create(Action<TransformBuilderContext> action)
    {
        var kind = TransformerKind.Custom;
        var transformer = _inner.Create(context =>
        {
            action(context);
            kind = KindOf(context);
        });
        return new ClassifiedTransformer(transformer, kind);
    }

    /// <summary>What comes of it, before YARP has added what it adds itself.</summary>
    private static TransformerKind KindOf(TransformBuilderContext context)
    {
        if (context is { CopyRequestHeaders: not false, CopyResponseHeaders: not false, CopyResponseTrailers: not false, UseDefaultForwarders: not false }
            && context.RequestTransforms.Count == 0
            && context.ResponseTransforms.Count == 0
            && context.ResponseTrailersTransforms.Count == 0)
        {
            return TransformerKind.Default;
        }
        return context is { CopyRequestHeaders: false, CopyResponseHeaders: false, CopyResponseTrailers: false, UseDefaultForwarders: false }
            && context.RequestTransforms is [ExactRequestTransform, RequestHeaderOriginalHostTransform]
            && ReferenceEquals(context.RequestTransforms[1], RequestHeaderOriginalHostTransform.OriginalHost)
            && context.ResponseTransforms is [ExactResponseTransform]
            && context.ResponseTrailersTransforms is [ExactTrailersTransform]
            ? TransformerKind.Exact
            : TransformerKind.Custom;
    }

    private sealed class Look : ITransformProvider
    {
        public void ValidateRoute(TransformRouteValidationContext context)
        {
        }

        public void ValidateCluster(TransformClusterValidationContext context)
        {
        }

        public void Apply(TransformBuilderContext context) => _seen = KindOf(context);
    }
}
