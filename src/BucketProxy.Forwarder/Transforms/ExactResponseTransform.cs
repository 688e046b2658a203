using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Takes over a destination's headers as they are, but for those that concern its connection only.</summary>
internal sealed class ExactResponseTransform : ResponseTransform
{
    public static readonly ExactResponseTransform Instance = new();

    /// <exception cref="HttpRequestException">The answer cannot become the client's.</exception>
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
            return ValueTask.CompletedTask;
        // To who asks by an extended CONNECT any success opens the tunnel (RFC 8441 section 5); in HTTP/1.1 none but a 101 does.
        if (response.IsSuccessStatusCode && response.Version.Major < 2 && HttpMethods.IsConnect(context.HttpContext.Request.Method))
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "The destination accepts a websocket, and does not switch protocols.");
        var headers = context.HttpContext.Response.Headers;
        var nominated = response.Headers.NonValidated.TryGetValues("Connection", out var connection) ? HopByHop.Nominated(Values(connection)) : null;
        Copy(response.Headers.NonValidated, headers, nominated);
        Copy(response.Content.Headers.NonValidated, headers, nominated);
        // Beside chunks a length is none (RFC 9112 section 6.3), nor where there is no content (RFC 9110 sections 8.6 and 15.3.6).
        if (response.Headers.NonValidated.Contains("Transfer-Encoding")
            || (int)response.StatusCode is < StatusCodes.Status200OK or StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)
        {
            headers.Remove("Content-Length");
        }
        // The server writes it in ASCII, with question marks for the rest: the usual one says as much (RFC 9110 section 15.1).
        if (response.ReasonPhrase is { } reason && !Ascii.IsValid(reason))
            context.HttpContext.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
        return ValueTask.CompletedTask;
    }

    /// <summary>All values of a header, each as it came.</summary>
    public static StringValues Values(HeaderStringValues values)
    {
        if (values.Count == 1)
            return values.ToString();
        var all = new string[values.Count];
        var at = 0;
        foreach (var value in values)
            all[at++] = value;
        return all;
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to, HashSet<string>? nominated)
    {
        foreach (var (name, values) in from)
        {
            if (!HopByHop.IsResponseOnly(name) && nominated?.Contains(name) != true)
                to[name] = StringValues.Concat(to[name], Values(values));
        }
    }
}
