using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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
            var http = context.HttpContext;
            context.ProxyRequest.Options.Set(LinkKey, http.Grant().Link);
            if (http.Features[typeof(IDeliveryTermsFeature)] is IDeliveryTermsFeature { Refusal: { } refusal })
                return AgreeAsync(context, refusal);
            // An earlier attempt may have been to a gate.
            ReplayedBody.TryRewind(http);
            return ValueTask.CompletedTask;
        }

        /// <summary>As the direct forwarder does it: the mark, and nothing of a body that could not be sent again before the gate has asked for it.</summary>
        private static async ValueTask AgreeAsync(RequestTransformContext context, RefusalTerms terms)
        {
            var message = context.ProxyRequest;
            message.Headers.TryAddWithoutValidation(terms.HeaderName, terms.HeaderValue);
            if (message.Content is not null && HasBody(context.HttpContext) && !await ReplayedBody.PrepareAsync(context.HttpContext, context.CancellationToken))
                message.Headers.ExpectContinue = true;
        }

        private static bool HasBody(HttpContext http) =>
            http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false } && http.Request.ContentLength is not 0;
    }

    /// <summary>Tells the client that its connection ends where its body was never asked for, as the direct forwarder does.</summary>
    public sealed class UnaskedTransform : ResponseTransform
    {
        public override ValueTask ApplyAsync(ResponseTransformContext context)
        {
            ArgumentNullException.ThrowIfNull(context);
            var http = context.HttpContext;
            if (context.ProxyResponse?.RequestMessage is { } request && TermsHandler.IsBodyUnasked(request) && HttpProtocol.IsHttp11(http.Request.Protocol))
                http.Response.Headers.Connection = "close";
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
