using System.Diagnostics;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Hosting;
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
internal static class GatewayTracing
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "BucketProxy.Gateway";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The span of a request for a base, if it is to have one.</summary>
    public static Activity? BeginRequest(Exchange exchange, TraceSampling sampling)
    {
        if (!sampling.IsOn || !Source.HasListeners())
            return null;
        var request = exchange.Http.Request;
        var headers = request.Headers;
        var traceParent = headers.TraceParent;
        ActivityContext parent = default;
        var isKnown = traceParent.Count == 1
            && ActivityContext.TryParse(traceParent.ToString(), headers.TraceState.ToString(), isRemote: true, out parent);
        if (!sampling.Samples(isKnown ? parent : null))
            return null;
        var span = Source.StartActivity(RequestMethods.NameOf(request.Method), ActivityKind.Server, parent);
        if (span is null)
            return null;
        // Decided above: a caller that did not sample does not undo it.
        span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        span.SetTag("http.request.method", RequestMethods.NameOf(request.Method));
        span.SetTag("url.scheme", request.Scheme);
        // The path alone: queries hold tokens.
        span.SetTag("url.path", request.Path.Value);
        span.SetTag("client.address", exchange.ClientAddress);
        span.SetTag("network.protocol.version", ProtocolVersion(request.Protocol));
        span.SetTag("bucketproxy.base", exchange.Target.BaseId.ToString());
        span.SetTag("bucketproxy.bucket", exchange.Target.BaseId.Bucket.ToString());
        return span;
    }

    /// <summary>The span of a wait for an owner.</summary>
    public static Activity? BeginHold(Exchange exchange) =>
        exchange.Span is { } request ? Source.StartActivity("hold", ActivityKind.Internal, request.Context) : null;

    /// <summary>The span of an attempt to send.</summary>
    public static Activity? BeginForward(Exchange exchange, RoutingEntry entry)
    {
        if (exchange.Span is not { } request || Source.StartActivity("forward", ActivityKind.Client, request.Context) is not { } span)
            return null;
        span.SetTag("http.request.method", RequestMethods.NameOf(exchange.Http.Request.Method));
        span.SetTag("bucketproxy.node", entry.Owner?.Id);
        span.SetTag("bucketproxy.epoch", entry.Epoch);
        span.SetTag("server.address", entry.Owner?.LocalUrl.Host);
        span.SetTag("server.port", entry.Owner?.LocalUrl.Port);
        return span;
    }

    /// <summary>Ends the span of an attempt.</summary>
    public static void EndForward(Activity span, Sent sent)
    {
        if (sent != Sent.Answered)
        {
            var why = Names.Of(sent);
            span.SetTag("error.type", why);
            span.SetStatus(ActivityStatusCode.Error, why);
        }
        span.Dispose();
    }

    /// <summary>Ends the span of a request.</summary>
    public static void EndRequest(Exchange exchange)
    {
        if (exchange.Span is not { } span)
            return;
        var status = exchange.Http.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        span.SetTag("bucketproxy.node", exchange.Link?.Node.Id);
        span.SetTag("bucketproxy.epoch", exchange.Epoch);
        span.SetTag("bucketproxy.cause", Names.Of(exchange.Cause));
        if (status >= StatusCodes.Status500InternalServerError || exchange.Cause.IsBrokenOff())
        {
            span.SetTag("error.type", Names.ErrorOf(exchange.Cause, status));
            span.SetStatus(ActivityStatusCode.Error);
        }
        span.Dispose();
    }

    private static string ProtocolVersion(string protocol) => HttpProtocol.IsHttp2(protocol) ? "2" : HttpProtocol.IsHttp10(protocol) ? "1.0" : "1.1";
}
