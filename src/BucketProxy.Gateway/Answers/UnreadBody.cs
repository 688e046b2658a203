using BucketProxy.Gateway.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Answers;

/// <summary>A request's body that is answered before anybody has read all of it.</summary>
internal static class UnreadBody
{
    /// <summary>
    /// Takes what is there of the body. Unless that is all of it, the answer says that the connection ends with it (RFC 9112 sections 9.3 and 9.6): the client may never send the
    /// rest, and its next request would be taken for that. What still comes is read away by the server for a moment, so that the client meets no reset.
    /// </summary>
    public static void Settle(HttpContext http)
    {
        if (http.Features[typeof(IHttpRequestBodyDetectionFeature)] is IHttpRequestBodyDetectionFeature { CanHaveBody: false })
            return;
        var protocol = http.Request.Protocol;
        if ((HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol)) && !IsAllThere(http))
            http.Response.Headers.Connection = "close";
    }

    private static bool IsAllThere(HttpContext http)
    {
        // Read to its end, to be sent again.
        if (http.Request.Body is ReplayedBody)
            return true;
        // A client that waits to be asked for its body is not asked: a look would do that.
        if (http.Request.Headers.Expect.Count > 0)
            return false;
        try
        {
            var body = http.Request.BodyReader;
            while (body.TryRead(out var read))
            {
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return true;
            }
            return false;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // Too large, malformed or cut off; or who read it has left it in the middle.
            return false;
        }
    }
}
