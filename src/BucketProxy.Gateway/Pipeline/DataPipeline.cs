using BucketProxy.Gateway.Granting;
using BucketProxy.Gateway.Guarding;
using BucketProxy.Gateway.Targeting;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>
/// A request's way through the gateway, in the order in which it meets what is there.
/// <code>
///   request ─► 1 guard    one reading only, else 400
///              2 target   which base? none: a local route, or 404. Malformed: 400. Too large: 413
///              3 grant    who owns it? nobody yet, or a move stands: hold, at most so long, then 503
///              4 tunnel   websockets and long polls, which a move ends
///              5 forward  YARP's forwarder middleware ─► IHttpForwarder ─► the owner
/// </code>
/// What one stage finds out and a later one needs stands in a feature of the request (<c>Model</c>). A stage that answers itself does not call the next.
/// </summary>
internal static class DataPipeline
{
    /// <summary>Puts it together.</summary>
    /// <param name="services">The data port's.</param>
    /// <param name="extensions">What a user adds.</param>
    /// <param name="traces">Whether any request can have a span.</param>
    public static RequestDelegate Build(IServiceProvider services, GatewayExtensions extensions, bool traces)
    {
        var route = new OnlyRoute(services);
        route.MapReverseProxy(pipeline =>
        {
            pipeline.UseMiddleware<RequestGuardMiddleware>();
            pipeline.UseMiddleware<TargetMiddleware>();
            pipeline.UseMiddleware<BodyLimitMiddleware>();
            if (traces)
                pipeline.UseMiddleware<RequestTracingMiddleware>();
            pipeline.UseMiddleware<GrantMiddleware>();
            extensions.Pipeline?.Invoke(pipeline);
            pipeline.UseMiddleware<TunnelMiddleware>();
        });
        return route.RunAsync;
    }
}
