using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The client's connection, as far as an answer ends it.</summary>
internal static class ClientConnection
{
    /// <summary>
    /// Says that the connection ends with this answer (RFC 9112 sections 9.3 and 9.6): some of the request's body may never come, and where the next request
    /// begins is known behind its end only. The server reads for a moment what still comes, so that the client reads its answer and meets no reset.
    /// HTTP/2 needs no such word.
    /// </summary>
    public static void End(HttpContext context)
    {
        var protocol = context.Request.Protocol;
        if (HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol))
            context.Response.Headers.Connection = "close";
    }
}
