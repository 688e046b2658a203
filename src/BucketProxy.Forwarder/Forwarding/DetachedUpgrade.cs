using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transport;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Upgrades whose connection leaves the server.</summary>
public static class DetachedUpgrade
{
    /// <summary>
    /// An upgrade that takes the connection from the server: it writes the 101 and the response's headers as the server would, and its result is a
    /// <see cref="DetachedStream"/>, which begins with what came right behind the handshake. The caller aborts the request afterwards.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <returns>Null where that is not possible: with TLS, with HTTP/2, on another transport, or when the request asks for no upgrade.</returns>
    public static IHttpUpgradeFeature? For(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return HttpProtocol.IsHttp11(context.Request.Protocol)
            && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Features.Get<IConnectionDetachFeature>() is { } connection
            ? new Feature(context, connection)
            : null;
    }

    private sealed class Feature(HttpContext context, IConnectionDetachFeature connection) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public async Task<Stream> UpgradeAsync()
        {
            if (context.Response.HasStarted)
                throw new InvalidOperationException("The response has begun.");
            var head = Head(context.Response);
            var stream = connection.Detach();
            try
            {
                await stream.WriteAsync(head);
                return stream;
            }
            catch
            {
                await stream.DisposeAsync();
                throw;
            }
        }

        /// <exception cref="FormatException">A header cannot be written.</exception>
        private static byte[] Head(HttpResponse response)
        {
            var head = new HeadWriter();
            try
            {
                head.Write("HTTP/1.1 101 "u8);
                head.Write(ReasonPhrases.GetReasonPhrase(StatusCodes.Status101SwitchingProtocols));
                head.Write("\r\n"u8);
                if (response.Headers.Connection.Count == 0)
                    head.Write("Connection: Upgrade\r\n"u8);
                foreach (var (name, values) in response.Headers)
                {
                    // RFC 9110 section 8.6, RFC 9112 section 6.1: what follows is no content.
                    if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                        continue;
                    foreach (var value in values)
                        head.Field(name, value);
                }
                head.Write("\r\n"u8);
                return head.Written.ToArray();
            }
            finally
            {
                head.Dispose();
            }
        }
    }
}
