using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Forwarding that changes as little as may be.</summary>
public static class ExactForwardingExtensions
{
    /// <summary>
    /// Requests go on byte for byte: the target as it stood in the request line behind the destination's path, <c>Host</c> as the client sent it,
    /// headers as they came but for those that concern one connection only. <c>X-Forwarded-For</c> is appended to; <c>X-Forwarded-Proto</c> and
    /// <c>-Host</c> are set unless they are there. Answers likewise. For either forwarder; the direct forwarder makes no messages for it.
    /// </summary>
    /// <param name="context">The route. Transforms that it gets besides are applied too, and are not as quick.</param>
    public static TransformBuilderContext AddExactForwarding(this TransformBuilderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.CopyRequestHeaders = false;
        context.CopyResponseHeaders = false;
        context.CopyResponseTrailers = false;
        context.UseDefaultForwarders = false;
        context.RequestTransforms.Add(ExactRequestTransform.Instance);
        // Else YARP adds the one that takes the host away.
        context.AddOriginalHost(true);
        context.ResponseTransforms.Add(ExactResponseTransform.Instance);
        context.ResponseTrailersTransforms.Add(ExactTrailersTransform.Instance);
        return context;
    }
}
