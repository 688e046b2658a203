using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>How the destination is told where a request's body ends.</summary>
internal enum RequestBody
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>By its length.</summary>
    Length,

    /// <summary>Its length is not known beforehand.</summary>
    Chunked,
}

internal static class RequestBodies
{
    /// <summary>How the body of a client's request is framed.</summary>
    public static RequestBody Of(HttpContext http)
    {
        if (http.Features[typeof(IHttpRequestBodyDetectionFeature)] is IHttpRequestBodyDetectionFeature { CanHaveBody: false })
            return RequestBody.None;
        return http.Request.ContentLength is { } length
            ? length > 0 ? RequestBody.Length : RequestBody.None
            : http.Request.Headers.TransferEncoding.Count > 0 || !HttpProtocol.IsHttp11(http.Request.Protocol) ? RequestBody.Chunked : RequestBody.None;
    }
}
