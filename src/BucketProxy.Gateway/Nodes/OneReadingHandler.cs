using System.Net;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// Refuses answers of HTTP/1 that have two readings, as far as they can be told by what the handler below leaves of them: it reads more than is good. What
/// it hides is documented with <see cref="Options.GatewayOptions.Forwarder"/>.
/// </summary>
internal sealed class OneReadingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (Fault(response) is not { } fault)
            return response;
        // Not read to its end: the connection is closed.
        response.Dispose();
        throw new HttpRequestException(HttpRequestError.InvalidResponse, fault);
    }

    private static string? Fault(HttpResponseMessage response)
    {
        if ((int)response.StatusCode < 100)
            return "The status is none.";
        if (response.Version == HttpVersion.Version20)
            return null;
        if (response.Version != HttpVersion.Version11 && response.Version != HttpVersion.Version10)
            return "The version is none.";
        if (!response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var encoding))
            return null;
        // RFC 9112 sections 6.1 and 6.3.
        if (response.Version == HttpVersion.Version10 || !encoding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase))
            return "The framing is not chunks alone.";
        return response.Content.Headers.NonValidated.Contains("Content-Length") ? "A length stands beside chunks." : null;
    }
}
