using System.Diagnostics;
using System.Net;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Writes the head of an exact request: everything but what concerns the client's connection only.</summary>
internal static class RequestHead
{
    /// <summary>Writes all of it.</summary>
    /// <exception cref="FormatException">The request cannot be one of HTTP/1.1, for example a line break in a header of HTTP/2.
    /// </exception>
    public static void Write(ref HeadWriter to, Delivery delivery)
    {
        var request = delivery.Context.Request;
        var incoming = request.Headers;
        var isUpgrade = delivery.Upgrade != Upgrade.None;
        Line(ref to, delivery, isUpgrade ? HttpMethods.Get : request.Method);
        var host = incoming.Host.ToString();
        to.Field("Host", host);
        var span = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
        Fields(ref to, delivery, incoming, host, isTraced: span is not null);
        if (HopByHop.TakesTrailers(incoming))
            to.Write(HopByHop.TrailersTaken);
        if (span is not null)
            TraceContext(ref to, span);
        if (isUpgrade)
        {
            to.Write("Connection: Upgrade\r\nUpgrade: websocket\r\n"u8);
            if (delivery.WebSocketKey is { } key)
                to.Field("Sec-WebSocket-Key", key);
        }
        else if (delivery.Body == RequestBody.Chunked)
        {
            to.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (request.ContentLength is { } length)
        {
            // In the one spelling, whatever the client's was.
            Length(ref to, length);
        }
        else if (!delivery.IsSafe)
        {
            Length(ref to, 0);
        }
        to.Write("\r\n"u8);
    }

    private static void Line(ref HeadWriter to, Delivery delivery, string method)
    {
        var target = ((IHttpRequestFeature)delivery.Context.Features[typeof(IHttpRequestFeature)]!).RawTarget;
        // The server's HTTP/1.1 parser lets nothing else pass; the one of HTTP/2 has other rules, and applications may set it.
        if (!target.StartsWith('/') || target.AsSpan().ContainsAnyExceptInRange('!', '~') || method.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("The target cannot stand in a request line.");
        to.Write(method);
        to.Write(" "u8);
        to.Write(delivery.Destination.Path);
        to.Write(target);
        to.Write(" HTTP/1.1\r\n"u8);
    }

    private static void Fields(ref HeadWriter to, Delivery delivery, IHeaderDictionary incoming, string host, bool isTraced)
    {
        var nominated = HopByHop.Nominated(incoming.Connection);
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
            if (nominated?.Contains(name) == true || IsReplaced(name, isTraced, delivery.WebSocketKey is not null))
                continue;
            if (values.Count == 1)
                to.Field(name, values[0]);
            else
                Several(ref to, name, values);
        }

        // What a proxy in front of us (nginx with TLS) said of the client stands; we add what we know.
        ForwardedFor(ref to, forwardedFor.ToString(), delivery.Context.Connection.RemoteIpAddress);
        to.Field("X-Forwarded-Proto", forwardedProto.Count == 0 ? (delivery.Context.Request.IsHttps ? "https" : "http") : forwardedProto.ToString());
        to.Field("X-Forwarded-Host", forwardedHost.Count == 0 ? host : forwardedHost.ToString());
    }

    private static bool IsReplaced(string name, bool isTraced, bool hasKey) => name.Length switch
    {
        14 => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase),
        11 when isTraced => name.Equals("traceparent", StringComparison.OrdinalIgnoreCase),
        10 when isTraced => name.Equals("tracestate", StringComparison.OrdinalIgnoreCase),
        17 when hasKey => name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase),
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

    private static void ForwardedFor(ref HeadWriter to, string before, IPAddress? client)
    {
        Span<char> text = stackalloc char[64];
        var length = ClientAddress.Format(client, text);
        if (before.Length == 0)
        {
            to.Field("X-Forwarded-For", text[..length]);
            return;
        }
        to.Field("X-Forwarded-For", string.Concat(before, ", ", text[..length]));
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
