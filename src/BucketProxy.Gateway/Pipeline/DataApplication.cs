using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>
/// What the server calls for each request, in place of ASP.NET Core's own: straight into the pipeline, without its figures, activities and log scopes,
/// and without the middlewares that it adds by itself (authorization, which YARP brings along). Each request is told of when its answer is complete.
/// </summary>
internal sealed class DataApplication(RequestDelegate pipeline, RequestTelemetry telemetry, IServiceScopeFactory scopes) : IHttpApplication<DataApplication.Context>
{
    public Context CreateContext(IFeatureCollection contextFeatures)
    {
        var context = contextFeatures is IHostContextContainer<Context> container
            ? container.HostContext ??= new Context(scopes)
            : new Context(scopes);
        context.Features.Begin(contextFeatures);
        context.Http.Initialize(context.Features);
        context.BeganAt = telemetry.Began();
        return context;
    }

    public Task ProcessRequestAsync(Context context) => pipeline(context.Http);

    public void DisposeContext(Context context, Exception? exception)
    {
        telemetry.Ended(context.Http, context.BeganAt);
        context.Http.Uninitialize();
        context.Features.End();
    }

    /// <summary>One request. The server keeps one per connection (or HTTP/2 stream) and uses it again.</summary>
    internal sealed class Context(IServiceScopeFactory scopes)
    {
        public RequestFeatures Features { get; } = new();

        public DefaultHttpContext Http { get; } = new() { ServiceScopeFactory = scopes };

        public long BeganAt { get; set; }
    }
}
