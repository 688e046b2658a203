using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// Refuses answers of HTTP/1 that have two readings, as far as they can be told by what the handler below leaves of them: it reads more than is good. What
/// it hides is documented with <see cref="Options.GatewayOptions.Forwarder"/>.
/// </summary>
internal sealed class OneReadingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // A lone CR would end the status line for some.
    private static readonly SearchValues<char> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(c => c != '\t').Append(127).Select(c => (char)c)]);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            var fault = Fault(response);
            if (fault is null && response.StatusCode == HttpStatusCode.ResetContent && await HasContentAsync(response, cancellationToken))
                fault = "A 205 has no content, and this one has.";
            return fault is null ? response : throw new HttpRequestException(HttpRequestError.InvalidResponse, fault);
        }
        catch
        {
            // Not read to its end: the connection is closed.
            response.Dispose();
            throw;
        }
    }

    private static string? Fault(HttpResponseMessage response)
    {
        if ((int)response.StatusCode < StatusCodes.Status100Continue)
            return "The status is none.";
        if (response.Version == HttpVersion.Version20)
            return null;
        if (response.Version != HttpVersion.Version11 && response.Version != HttpVersion.Version10)
            return "The version is none.";
        if (response.ReasonPhrase.AsSpan().ContainsAny(Forbidden))
            return "The reason phrase holds a control character.";
        // Where it stays in the answer: the handler below passes over one that it cannot read, and the client may be able to.
        if ((int)response.StatusCode is >= StatusCodes.Status200OK and not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)
            && response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var length) && !IsLength(length, response.Content.Headers.ContentLength))
            return "The length is none.";
        if (!response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var encoding))
            return null;
        // RFC 9112 sections 6.1 and 6.3.
        if (response.Version == HttpVersion.Version10 || !encoding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase))
            return "The framing is not chunks alone.";
        return response.Content.Headers.NonValidated.Contains("Content-Length") ? "A length stands beside chunks." : null;
    }

    private static bool IsLength(HeaderStringValues text, long? read) =>
        text.Count == 1 && long.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length == read;

    /// <summary>RFC 9110 section 15.3.6. It is framed as any answer (RFC 9112 section 6.3), so its end has to be read.</summary>
    private static async ValueTask<bool> HasContentAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > 0 && response.RequestMessage?.Method != HttpMethod.Head)
            return true;
        // Whoever asks for the stream later gets the same, at its end.
        var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await content.ReadAsync(new byte[1], cancellationToken) > 0;
    }
}
