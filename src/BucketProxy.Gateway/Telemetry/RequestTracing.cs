using System.Diagnostics;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>
/// Spans by OpenTelemetry's conventions for HTTP, with W3C trace context passed on. A request without a span goes to the node with
/// the client's own <c>traceparent</c>, like any header.
/// <code>
///   GET                    the request, from its head to the end of its answer
///    ├─ hold               each wait for an owner
///    └─ forward            each attempt to have a node answer it: the parent that the node is told of
/// </code>
/// </summary>
internal sealed class RequestTracing(GatewayTelemetry telemetry)
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "BucketProxy.Gateway";

    private static readonly ActivitySource Source = new(SourceName);
    private readonly TraceSampling _sampling = telemetry.Tracing;

    /// <summary>Whether any request can have a span.</summary>
    public bool IsOn => _sampling.IsOn;

    /// <summary>The span of a request; null unless it is sampled.</summary>
    public Activity? SpanOf(HttpContext http) => _sampling.IsOn ? http.Features.Get<ISpanFeature>()?.Request : null;

    /// <summary>The span of a request for a base, if it is to have one.</summary>
    public Activity? BeginRequest(HttpContext http)
    {
        if (!_sampling.IsOn || !Source.HasListeners())
            return null;
        var request = http.Request;
        var headers = request.Headers;
        var traceParent = headers.TraceParent;
        ActivityContext parent = default;
        var isKnown = traceParent.Count == 1
            && ActivityContext.TryParse(traceParent.ToString(), headers.TraceState.ToString(), isRemote: true, out parent);
        if (!_sampling.Samples(isKnown ? parent : null))
            return null;
        var span = Source.StartActivity(RequestMethods.NameOf(request.Method), ActivityKind.Server, parent);
        if (span is null)
            return null;
        var id = http.Target().Target.BaseId;
        // Decided above: a caller that did not sample does not undo it.
        span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        span.SetTag("http.request.method", RequestMethods.NameOf(request.Method));
        span.SetTag("url.scheme", request.Scheme);
        // The path alone: queries hold tokens.
        span.SetTag("url.path", request.Path.Value);
        span.SetTag("client.address", http.ClientAddress());
        span.SetTag("network.protocol.version", ProtocolVersion(request.Protocol));
        span.SetTag("bucketproxy.base", id.ToString());
        span.SetTag("bucketproxy.bucket", id.Bucket.ToString());
        return span;
    }

    /// <summary>The span of a wait for an owner.</summary>
    public Activity? BeginHold(HttpContext http) =>
        SpanOf(http) is { } request ? Source.StartActivity("hold", ActivityKind.Internal, request.Context) : null;

    /// <summary>The span of an attempt to send. It is the current one until it ends.</summary>
    public Activity? BeginForward(HttpContext http, Grant grant)
    {
        if (SpanOf(http) is not { } request || Source.StartActivity("forward", ActivityKind.Client, request.Context) is not { } span)
            return null;
        span.SetTag("http.request.method", RequestMethods.NameOf(http.Request.Method));
        span.SetTag("bucketproxy.node", grant.Node.Id);
        span.SetTag("bucketproxy.epoch", grant.Epoch);
        span.SetTag("server.address", grant.Node.LocalUrl.Host);
        span.SetTag("server.port", grant.Node.LocalUrl.Port);
        return span;
    }

    /// <summary>What became of an attempt. Its span is ended by whoever began it.</summary>
    public static void EndForward(Activity? span, Sent sent)
    {
        if (span is null || sent == Sent.Answered)
            return;
        var why = Names.Of(sent);
        span.SetTag("error.type", why);
        span.SetStatus(ActivityStatusCode.Error, why);
    }

    /// <summary>Ends the span of a request.</summary>
    public static void EndRequest(HttpContext http, Activity span, Cause cause, Grant? grant)
    {
        var status = http.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        span.SetTag("bucketproxy.node", grant?.Node.Id);
        span.SetTag("bucketproxy.epoch", grant?.Epoch ?? 0);
        span.SetTag("bucketproxy.cause", Names.Of(cause));
        if (status >= StatusCodes.Status500InternalServerError || cause.IsBrokenOff())
        {
            span.SetTag("error.type", Names.ErrorOf(cause, status));
            span.SetStatus(ActivityStatusCode.Error);
        }
        span.Dispose();
    }

    private static string ProtocolVersion(string protocol) => HttpProtocol.IsHttp2(protocol) ? "2" : HttpProtocol.IsHttp10(protocol) ? "1.0" : "1.1";
}
