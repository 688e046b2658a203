using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Makes of a client's request the destination's, changing as little as may be.</summary>
internal sealed class ExactRequestTransform : RequestTransform
{
    public static readonly ExactRequestTransform Instance = new();
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n\0");

    /// <exception cref="FormatException">The request cannot be one of HTTP/1.1.</exception>
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var http = context.HttpContext;
        var incoming = http.Request.Headers;
        context.ProxyRequest.RequestUri = Target(http, context.DestinationPrefix);
        // First of all: a transform that stands before this one may have set another.
        context.ProxyRequest.Headers.Remove("Host");
        Add(context, "Host", incoming.Host.ToString());
        var span = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
        var nominated = HopByHop.Nominated(incoming.Connection);
        foreach (var (name, values) in incoming)
        {
            if (HopByHop.IsRequestOnly(name) || nominated?.Contains(name) == true || (span is not null && IsTrace(name)))
                continue;
            // Beside chunks a length is none (RFC 9112 section 6.3).
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) && incoming.TransferEncoding.Count > 0)
                continue;
            Add(context, name, values);
        }
        Forwarded(context, incoming);
        if (HopByHop.TakesTrailers(incoming))
        {
            // RFC 9110 section 10.1.4.
            Add(context, "Connection", "TE");
            Add(context, "TE", "trailers");
        }
        if (span is not null)
        {
            Add(context, "traceparent", span.Id);
            if (!string.IsNullOrEmpty(span.TraceStateString))
                Add(context, "tracestate", span.TraceStateString);
        }
        return ValueTask.CompletedTask;
    }

    private static Uri Target(HttpContext http, string prefix)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        // A websocket of HTTP/2 has its path there; the server's parsers let little else pass, applications may set anything.
        if (!target.StartsWith('/') || target.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("The target cannot stand in a request line.");
        return new Uri(string.Concat(prefix.AsSpan().TrimEnd('/'), target), AsItIs);
    }

    private static void Forwarded(RequestTransformContext context, IHeaderDictionary incoming)
    {
        // What a proxy in front of us said of the client stands; we add what we know.
        Span<char> text = stackalloc char[64];
        var client = text[..ClientAddress.Format(context.HttpContext.Connection.RemoteIpAddress, text)];
        var before = incoming["X-Forwarded-For"].ToString();
        Add(context, "X-Forwarded-For", before.Length == 0 ? client.ToString() : $"{before}, {client}");
        var proto = incoming["X-Forwarded-Proto"];
        Add(context, "X-Forwarded-Proto", proto.Count > 0 ? proto.ToString() : context.HttpContext.Request.IsHttps ? "https" : "http");
        var host = incoming["X-Forwarded-Host"];
        Add(context, "X-Forwarded-Host", (host.Count > 0 ? host : incoming.Host).ToString());
    }

    private static void Add(RequestTransformContext context, string name, StringValues values)
    {
        if (values.Count == 0)
            return;
        foreach (var value in values)
        {
            // YARP would leave the header out, without a word.
            if (value.AsSpan().ContainsAny(LineBreaks))
                throw new FormatException("A header's value holds a line break.");
        }
        // HTTP/2 clients may send a cookie in pieces; HTTP/1.1 has one header for it (RFC 9113 section 8.2.3).
        if (values.Count > 1 && name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
            values = string.Join("; ", (IEnumerable<string?>)values);
        // Of a request without a body, YARP keeps content headers on an empty content of its own, the only one that it lets pass.
        AddHeader(context, name, values);
    }

    private static bool IsTrace(string name) =>
        name.Equals("traceparent", StringComparison.OrdinalIgnoreCase) || name.Equals("tracestate", StringComparison.OrdinalIgnoreCase);
}
