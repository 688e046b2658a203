using BucketProxy.Gateway.Model;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>Begins the span of a request for a base, if it is to have one. Sets <see cref="ISpanFeature"/>. There only where traces are sampled.</summary>
internal sealed class RequestTracingMiddleware(RequestDelegate next, RequestTracing tracing)
{
    public Task Invoke(HttpContext context)
    {
        if (tracing.BeginRequest(context) is { } span)
            context.Features.Set<ISpanFeature>(new SpanFeature(span));
        return next(context);
    }
}
