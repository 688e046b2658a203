using System.Diagnostics;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Writes the head of the node's request: everything but what concerns the client's connection only.</summary>
internal static class RequestHead
{
    /// <summary>Writes all of it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="exchange">Its link and its target are set.</param>
    /// <param name="webSocketKey">For a handshake: the key to use instead of the client's, or empty for the client's; null for any
    /// other request.</param>
    /// <exception cref="FormatException">The request cannot be one of HTTP/1.1, for example a line break in a header of HTTP/2.
    /// </exception>
    public static void Write(ref HeadWriter to, Exchange exchange, string? webSocketKey)
    {
        var request = exchange.Http.Request;
        var incoming = request.Headers;
        Line(ref to, exchange, webSocketKey is null ? request.Method : HttpMethods.Get);
        var host = incoming.Host.ToString();
        to.Field("Host", host);
        Fields(ref to, exchange, incoming, host, webSocketKey);
        if (HopByHop.TakesTrailers(incoming))
            to.Write("TE: trailers\r\n"u8);
        if (exchange.ForwardSpan is { } span)
            TraceContext(ref to, span);
        if (webSocketKey is not null)
        {
            to.Write("Connection: Upgrade\r\nUpgrade: websocket\r\n"u8);
            if (webSocketKey.Length > 0)
                to.Field("Sec-WebSocket-Key", webSocketKey);
        }
        else if (exchange.Body == RequestBody.Chunked)
        {
            to.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (request.ContentLength is { } length)
        {
            // In the one spelling, whatever the client's was.
            Length(ref to, length);
        }
        else if (!exchange.IsSafe)
        {
            Length(ref to, 0);
        }
        to.Write("\r\n"u8);
    }

    private static void Line(ref HeadWriter to, Exchange exchange, string method)
    {
        var target = exchange.RawTarget.AsSpan(exchange.Target.ForwardStart);
        // The server's HTTP/1.1 parser lets nothing else pass; the one of HTTP/2 has other rules.
        if (target.ContainsAnyExceptInRange('!', '~') || method.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("The target cannot stand in a request line.");
        to.Write(method);
        to.Write(" "u8);
        to.Write(exchange.Link!.PathPrefix);
        to.Write(target);
        to.Write(" HTTP/1.1\r\n"u8);
    }

    private static void Fields(ref HeadWriter to, Exchange exchange, IHeaderDictionary incoming, string host, string? webSocketKey)
    {
        var nominated = HopByHop.Nominated(incoming.Connection);
        exchange.ClosesConnection |= nominated is not null;
        StringValues forwardedFor = default, forwardedProto = default, forwardedHost = default;
        foreach (var (name, values) in incoming)
        {
            if (HopByHop.IsRequestOnly(name))
            {
                if (name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase))
                    forwardedFor = values;
                else if (name.Equals("X-Forwarded-Proto", StringComparison.OrdinalIgnoreCase))
                    forwardedProto = values;
                else if (name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase))
                    forwardedHost = values;
                continue;
            }
            if (nominated?.Contains(name) == true || IsReplaced(name, exchange, webSocketKey))
                continue;
            if (values.Count == 1)
                to.Field(name, values[0]);
            else
                Several(ref to, name, values);
        }

        // What a proxy in front of us (nginx with TLS) said of the client stands; we add what we know.
        to.Field("X-Forwarded-For", forwardedFor.Count == 0 ? exchange.ClientAddress : forwardedFor + ", " + exchange.ClientAddress);
        to.Field("X-Forwarded-Proto", forwardedProto.Count == 0 ? (exchange.Http.Request.IsHttps ? "https" : "http") : forwardedProto.ToString());
        to.Field("X-Forwarded-Host", forwardedHost.Count == 0 ? host : forwardedHost.ToString());
    }

    private static bool IsReplaced(string name, Exchange exchange, string? webSocketKey) => name.Length switch
    {
        14 => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase),
        11 when exchange.ForwardSpan is not null => name.Equals("traceparent", StringComparison.OrdinalIgnoreCase),
        10 when exchange.ForwardSpan is not null => name.Equals("tracestate", StringComparison.OrdinalIgnoreCase),
        17 when webSocketKey is { Length: > 0 } => name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    private static void Several(ref HeadWriter to, string name, StringValues values)
    {
        // HTTP/2 clients may send a cookie in pieces; HTTP/1.1 has one header for it (RFC 9113 section 8.2.3).
        if (name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
        {
            to.Field(name, string.Join("; ", (IEnumerable<string?>)values));
            return;
        }
        foreach (var value in values)
            to.Field(name, value);
    }

    private static void TraceContext(ref HeadWriter to, Activity span)
    {
        to.Field("traceparent", span.Id);
        if (!string.IsNullOrEmpty(span.TraceStateString))
            to.Field("tracestate", span.TraceStateString);
    }

    private static void Length(ref HeadWriter to, long length)
    {
        to.Write("Content-Length: "u8);
        to.Write(length);
        to.Write("\r\n"u8);
    }
}
