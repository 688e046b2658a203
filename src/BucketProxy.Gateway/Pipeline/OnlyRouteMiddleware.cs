using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>
/// Chooses the endpoint of the one route there is, which takes every request. Routing then has nothing to match: that would decode and split each
/// path, and keep its parts, for nobody.
/// </summary>
internal sealed class OnlyRouteMiddleware(RequestDelegate next, EndpointDataSource endpoints)
{
    private Choice? _choice;

    public Task Invoke(HttpContext context)
    {
        var choice = _choice;
        // YARP makes another endpoint when its route, or the cluster's settings, change. Nodes that come and go are neither.
        if (choice is null || choice.IsOutdated)
            _choice = choice = new Choice(endpoints);
        context.Features.Set<IEndpointFeature>(choice);
        return next(context);
    }

    /// <summary>One for all requests: whoever sets another endpoint sets it for one request, in a feature of its own.</summary>
    private sealed class Choice : IEndpointFeature
    {
        private readonly Endpoint _endpoint;
        private volatile bool _isOutdated;

        public Choice(EndpointDataSource endpoints)
        {
            // The token first: a change in between is not missed.
            endpoints.GetChangeToken().RegisterChangeCallback(static c => ((Choice)c!)._isOutdated = true, this);
            _endpoint = endpoints.Endpoints is [var only] ? only : throw new InvalidOperationException("There is not exactly one route.");
        }

        public bool IsOutdated => _isOutdated;

        public Endpoint? Endpoint
        {
            get => _endpoint;
            set => throw new NotSupportedException("The route of a request cannot be changed.");
        }
    }
}
