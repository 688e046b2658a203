using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>
/// The one route there is, which takes every request, in place of ASP.NET Core's routing. Nothing has to be matched: matching would decode and split each
/// path, and keep its parts, for nobody.
/// </summary>
internal sealed class OnlyRoute(IServiceProvider services) : IEndpointRouteBuilder
{
    private readonly List<EndpointDataSource> _sources = [];
    private Choice? _choice;

    public ICollection<EndpointDataSource> DataSources => _sources;

    public IServiceProvider ServiceProvider => services;

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);

    /// <summary>Has the route's endpoint carry out a request.</summary>
    public Task RunAsync(HttpContext context)
    {
        var choice = _choice;
        // YARP makes another endpoint when its route, or the cluster's settings, change. Nodes that come and go are neither.
        if (choice is null || choice.IsOutdated)
            _choice = choice = new Choice(_sources.Single());
        context.Features[typeof(IEndpointFeature)] = choice;
        return choice.Run(context);
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
            Run = _endpoint.RequestDelegate ?? throw new InvalidOperationException("The route has nothing to run.");
        }

        public bool IsOutdated => _isOutdated;

        public RequestDelegate Run { get; }

        public Endpoint? Endpoint
        {
            get => _endpoint;
            set => throw new NotSupportedException("The route of a request cannot be changed.");
        }
    }
}
