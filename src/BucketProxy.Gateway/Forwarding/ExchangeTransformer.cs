using System.Net;
using System.Net.Http.Headers;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// Writes the node's request and our answer. One per <see cref="Exchange"/>, so that nothing has to be looked up or allocated for it.
/// </summary>
internal sealed class ExchangeTransformer(Exchange exchange) : HttpTransformer
{
    private TrailerStream? _trailers;

    public void Reset() => _trailers = null;

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        WriteRequest(proxyRequest);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null || exchange.Poll?.TryAnswer() == false)
            return new ValueTask<bool>(false);
        if (proxyResponse.StatusCode == HttpStatusCode.SwitchingProtocols)
            throw new HttpRequestException("The node switched protocols without having been asked to.");
        exchange.Slot?.Return();
        ReadResponse(proxyResponse);
        _trailers = TrailerStream.ForHttp1(httpContext, proxyResponse);
        return new ValueTask<bool>(true);
    }

    public override ValueTask TransformResponseTrailersAsync(
        HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        if (_trailers is { } trailers)
        {
            _trailers = null;
            return trailers.FinishAsync(proxyResponse.TrailingHeaders, cancellationToken);
        }
        if (httpContext.Response.SupportsTrailers())
        {
            foreach (var (name, values) in proxyResponse.TrailingHeaders.NonValidated)
                httpContext.Response.AppendTrailer(name, Values(values));
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Puts target and headers on the node's request: everything but what concerns the client's connection only.</summary>
    public void WriteRequest(HttpRequestMessage request)
    {
        var http = exchange.Http;
        var incoming = http.Request.Headers;
        request.RequestUri = exchange.Link!.UriFor(exchange.RawTarget, exchange.Target.ForwardStart);

        var nominated = HopByHop.Nominated(incoming.Connection);
        exchange.ClosesConnection |= nominated is not null;
        foreach (var (name, values) in incoming)
        {
            if (HopByHop.IsRequestOnly(name) || nominated?.Contains(name) == true)
                continue;
            Add(request, name, values);
        }

        var outgoing = request.Headers;
        var host = incoming.Host;
        outgoing.TryAddWithoutValidation("Host", host.ToString());
        if (HopByHop.TakesTrailers(incoming))
            outgoing.TryAddWithoutValidation("TE", "trailers");

        if (exchange.ForwardSpan is { } span)
            GatewayTracing.Inject(span, outgoing);

        // What a proxy in front of us (nginx with TLS) said of the client stands; we add what we know.
        var forwarded = incoming["X-Forwarded-For"];
        outgoing.TryAddWithoutValidation(
            "X-Forwarded-For",
            StringValues.IsNullOrEmpty(forwarded) ? exchange.ClientAddress : forwarded + ", " + exchange.ClientAddress);
        Forwarded("X-Forwarded-Proto", exchange.Http.Request.IsHttps ? "https" : "http");
        Forwarded("X-Forwarded-Host", host);

        void Forwarded(string name, StringValues ours)
        {
            var theirs = incoming[name];
            outgoing.TryAddWithoutValidation(name, (theirs.Count > 0 ? theirs : ours).ToString());
        }
    }

    /// <summary>Takes over the node's headers as they are. The status is set already.</summary>
    public void ReadResponse(HttpResponseMessage response)
    {
        var headers = exchange.Http.Response.Headers;
        HashSet<string>? nominated = null;
        if (response.Headers.NonValidated.TryGetValues("Connection", out var connection))
            nominated = HopByHop.Nominated(Values(connection));
        Copy(response.Headers.NonValidated, headers, nominated);
        Copy(response.Content.Headers.NonValidated, headers, nominated);
        if (exchange.ClosesConnection && HttpProtocol.IsHttp11(exchange.Http.Request.Protocol) && response.StatusCode != HttpStatusCode.SwitchingProtocols)
            headers.Connection = "close";
        exchange.Bytes += response.Content.Headers.ContentLength ?? 0;
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to, HashSet<string>? nominated)
    {
        foreach (var (name, values) in from)
        {
            if (HopByHop.IsResponseOnly(name) || nominated?.Contains(name) == true)
                continue;
            to.Append(name, Values(values));
        }
    }

    private static void Add(HttpRequestMessage request, string name, StringValues values)
    {
        // HTTP/2 clients may send a cookie in pieces; HTTP/1.1 has one header for it (RFC 9113 section 8.2.3).
        if (values.Count > 1 && name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
            values = string.Join("; ", (IEnumerable<string?>)values);
        if (values.Count == 1
                ? request.Headers.TryAddWithoutValidation(name, values.ToString())
                : request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
        {
            return;
        }
        if (request.Content is not null)
        {
            request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            return;
        }
        if (!request.Options.TryGetValue(NodeHandler.BodylessHeaders, out var rest))
            request.Options.Set(NodeHandler.BodylessHeaders, rest = []);
        foreach (var value in values)
            rest.Add(new(name, value));
    }

    private static StringValues Values(HeaderStringValues values)
    {
        if (values.Count == 1)
            return values.ToString();
        var all = new string[values.Count];
        var i = 0;
        foreach (var value in values)
            all[i++] = value;
        return all;
    }
}
