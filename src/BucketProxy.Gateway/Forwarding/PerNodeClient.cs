using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>The cluster's client for YARP's own forwarder: hands each request to the client of the node that it was granted to.</summary>
internal sealed class PerNodeClient() : HttpMessageInvoker(new NoHandler(), disposeHandler: true)
{
    private static readonly HttpRequestOptionsKey<NodeLink> LinkKey = new("bucketproxy.link");

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        // S2: without a grant there is nobody to send to.
        return request.Options.TryGetValue(LinkKey, out var link)
            ? link.Http.SendAsync(request, cancellationToken)
            : throw new InvalidOperationException("A request without a grant is sent to nobody.");
    }

    /// <summary>Writes on a request to which node it was granted.</summary>
    public sealed class Transform : RequestTransform
    {
        public override ValueTask ApplyAsync(RequestTransformContext context)
        {
            ArgumentNullException.ThrowIfNull(context);
            context.ProxyRequest.Options.Set(LinkKey, context.HttpContext.Grant().Link);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class NoHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("A request without a grant is sent to nobody.");
    }
}

/// <summary>Gives the one cluster the client that belongs to the forwarder in use, whatever its configuration says.</summary>
internal sealed class ClusterClientFactory(HttpMessageInvoker client) : IForwarderHttpClientFactory
{
    public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => client;
}
