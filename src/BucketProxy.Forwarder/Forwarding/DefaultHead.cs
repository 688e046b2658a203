using System.Buffers;
using System.Diagnostics;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Writes the head that YARP's default transforms and the runtime's client make of a request, byte for byte.</summary>
/// <remarks>Headers that the client counts among a content's come last; the names that it knows are spelled its way.</remarks>
internal static class DefaultHead
{
    // What a URL takes as it is. Dots and percent signs are left to it.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("!$&'()*+,-/0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
    private static readonly SearchValues<char> PlainQuery =
        SearchValues.Create("!$&()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
    // Behind so many, a message's collection has an order of its own.
    private const int MostHeaders = 60;
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n");
    private static readonly YarpHeader Trace = new("", YarpHeaderKind.Left);

    /// <summary>Whether it can write that one: headers in several lines are put together by rules of each.</summary>
    public static bool Takes(HttpRequest request)
    {
        if (request.Headers.Count > MostHeaders || (HttpMethods.IsConnect(request.Method) && HttpProtocol.IsHttp11(request.Protocol)))
            return false;
        foreach (var (name, values) in request.Headers)
        {
            if (values.Count != 1 && !name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
                return false;
        }
        return true;
    }

    /// <summary>Writes all of it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="delivery">The request.</param>
    /// <param name="isBare">Nothing is said of the client, and its <c>Host</c> goes on.</param>
    /// <exception cref="FormatException">The request cannot be one of HTTP/1.1.</exception>
    public static void Write(ref HeadWriter to, Delivery delivery, bool isBare)
    {
        var context = delivery.Context;
        var request = context.Request;
        var activity = Activity.Current;
        var host = isBare ? Single(request.Headers.Host) : context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.Model.Config?.Host;
        Line(ref to, delivery);
        if (string.IsNullOrEmpty(host))
        {
            to.Write("Host: "u8);
            to.Write(delivery.Destination.Host);
            to.Write("\r\n"u8);
        }
        var hasContent = delivery.Body != RequestBody.None;
        var hasHost = string.IsNullOrEmpty(host);
        foreach (var (name, values) in request.Headers)
        {
            var header = Of(name, activity is not null);
            if (header.Kind == YarpHeaderKind.Content)
            {
                hasContent = true;
                continue;
            }
            if (header.Kind == YarpHeaderKind.Left)
                continue;
            if (header.Name == "Host")
            {
                if (!hasHost)
                    to.Field("Host", host);
                hasHost = true;
                continue;
            }
            if (isBare || !IsOfClient(header.Name))
                Field(ref to, header.Name, values);
        }
        if (!HttpProtocol.IsHttp11(request.Protocol) && !HttpProtocol.IsHttp10(request.Protocol) && HopByHop.TakesTrailers(request.Headers))
            to.Write("TE: trailers\r\n"u8);
        if (!hasHost)
            to.Field("Host", host);
        if (!isBare)
            OfClient(ref to, context);
        Rest(ref to, delivery, request, activity, hasContent);
        to.Write("\r\n"u8);
    }

    private static void Line(ref HeadWriter to, Delivery delivery)
    {
        var request = delivery.Context.Request;
        var method = delivery.Upgrade == Upgrade.None ? HttpMethods.GetCanonicalizedValue(request.Method) : HttpMethods.Get;
        if (method.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("The method cannot stand in a request line.");
        to.Write(method);
        to.Write(" "u8);
        var path = request.Path.Value;
        var query = request.QueryString.Value;
        if (delivery.Destination.IsPlain && !string.IsNullOrEmpty(path) && IsPlain(path) && (string.IsNullOrEmpty(query) || !query.AsSpan().ContainsAnyExcept(PlainQuery)))
        {
            to.Write(delivery.Destination.Path);
            to.Write(path);
            to.Write(query);
        }
        else
        {
            to.Write(RequestUtilities.MakeDestinationAddress(delivery.Destination.Prefix, request.Path, request.QueryString).PathAndQuery);
        }
        to.Write(" HTTP/1.1\r\n"u8);
    }

    /// <summary>A dot is one if it does not begin a segment, which might then go up.</summary>
    private static bool IsPlain(string path)
    {
        var rest = path.AsSpan();
        while (true)
        {
            var at = rest.IndexOfAnyExcept(Plain);
            if (at < 0)
                return true;
            if (rest[at] != '.' || at == 0 || rest[at - 1] is '/' or '.')
                return false;
            rest = rest[(at + 1)..];
            if (!rest.IsEmpty && rest[0] == '.')
                return false;
        }
    }

    /// <summary>What YARP's <c>X-Forwarded-*</c> transforms remove before they set their own.</summary>
    private static bool IsOfClient(string name) => name.Length switch
    {
        9 => name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase),
        15 => name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase),
        17 => name.Equals("X-Forwarded-Proto", StringComparison.OrdinalIgnoreCase),
        18 => name.Equals("X-Forwarded-Prefix", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    private static void OfClient(ref HeadWriter to, HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } client)
        {
            Span<char> text = stackalloc char[64];
            to.Field("X-Forwarded-For", text[..ClientAddress.Format(client, text)]);
        }
        var request = context.Request;
        if (request.PathBase.HasValue)
            to.Field("X-Forwarded-Prefix", request.PathBase.ToUriComponent());
        if (request.Host.HasValue)
            to.Field("X-Forwarded-Host", request.Host.ToUriComponent());
        to.Field("X-Forwarded-Proto", request.Scheme);
    }

    /// <summary>What is decided by the body, the upgrade and the trace; then the content's headers.</summary>
    private static void Rest(ref HeadWriter to, Delivery delivery, HttpRequest request, Activity? activity, bool hasContent)
    {
        if (delivery.Upgrade == Upgrade.ExtendedConnect)
        {
            to.Write("Connection: Upgrade\r\nUpgrade: websocket\r\n"u8);
            to.Field("Sec-WebSocket-Key", delivery.WebSocketKey);
        }
        else if (delivery.Upgrade == Upgrade.WebSocket)
        {
            to.Field("Connection", UpgradeHeaders.OptionOf(request.Headers));
            to.Field("Upgrade", request.Headers.Upgrade.ToString());
        }
        if (delivery.Body == RequestBody.Chunked)
            to.Write("Transfer-Encoding: chunked\r\n"u8);
        if (activity is not null)
            TraceFields.Write(ref to, activity);
        if (!hasContent)
        {
            if (!HasNoBody(request.Method) && delivery.Upgrade == Upgrade.None)
                to.Write("Content-Length: 0\r\n"u8);
            return;
        }
        var hasLength = false;
        foreach (var (name, values) in request.Headers)
        {
            var header = Of(name, isTraced: false);
            if (header.Kind != YarpHeaderKind.Content)
                continue;
            if (header.Name == "Content-Length")
            {
                if (delivery.Body == RequestBody.Chunked)
                    continue;
                hasLength = true;
            }
            Field(ref to, header.Name, values);
        }
        if (!hasLength && delivery.Body == RequestBody.None)
            to.Write("Content-Length: 0\r\n"u8);
    }

    /// <summary>Methods of which the runtime's client does not say that there is no body.</summary>
    internal static bool HasNoBody(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsConnect(method) || HttpMethods.IsOptions(method) || HttpMethods.IsDelete(method);

    private static YarpHeader Of(string name, bool isTraced) => isTraced && TraceFields.Replaces(name) ? Trace : YarpHeaders.Of(name);

    private static void Field(ref HeadWriter to, string name, StringValues values)
    {
        var value = values.Count == 1 ? values[0] : string.Join("; ", (IEnumerable<string?>)values);
        // As YARP does: such a header is left out.
        if (!value.AsSpan().ContainsAny(LineBreaks))
            to.Field(name, value);
    }

    private static string? Single(StringValues values) => values.Count == 0 ? null : values.ToString();
}
