using BucketProxy.Forwarder.Transforms;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>The transforms of the pipeline's route, for requests on our own account.</summary>
internal sealed class ExactTransformer(ITransformBuilder transforms)
{
    public HttpTransformer Value { get; } = transforms.Create(static context => context.AddExactForwarding());
}
