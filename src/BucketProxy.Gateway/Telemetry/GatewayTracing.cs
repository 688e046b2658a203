using System.Diagnostics;
using System.Net.Http.Headers;
using BucketProxy.Gateway.Hosting;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>
/// Spans for holding and forwarding, with W3C trace context passed on. When nobody listens, or the request is not sampled, the
/// client's own <c>traceparent</c> goes on to the node like any header.
/// </summary>
internal static class GatewayTracing
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "BucketProxy.Gateway";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? BeginRequest(Exchange exchange)
    {
        if (!Source.HasListeners())
            return null;
        var headers = exchange.Http.Request.Headers;
        ActivityContext.TryParse(headers.TraceParent.ToString(), headers.TraceState.ToString(), isRemote: true, out var parent);
        var activity = Source.StartActivity("forward", ActivityKind.Server, parent);
        activity?.SetTag("http.request.method", exchange.Http.Request.Method);
        activity?.SetTag("bucketproxy.base", exchange.Target.BaseId.ToString());
        return activity;
    }

    public static Activity? BeginHold(Exchange exchange) =>
        exchange.Activity is { } activity ? Source.StartActivity("hold", ActivityKind.Internal, activity.Context) : null;

    public static void Inject(Activity activity, HttpRequestHeaders headers)
    {
        headers.Remove("traceparent");
        headers.Remove("tracestate");
        headers.TryAddWithoutValidation("traceparent", activity.Id);
        if (!string.IsNullOrEmpty(activity.TraceStateString))
            headers.TryAddWithoutValidation("tracestate", activity.TraceStateString);
    }

    public static void End(Exchange exchange)
    {
        if (exchange.Activity is not { } activity)
            return;
        activity.SetTag("http.response.status_code", exchange.Http.Response.StatusCode);
        activity.SetTag("bucketproxy.node", exchange.Link?.Node.Id);
        activity.SetTag("bucketproxy.cause", exchange.Cause.ToString());
        activity.Dispose();
    }
}
