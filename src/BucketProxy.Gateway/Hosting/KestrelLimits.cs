using System.Net;
using System.Text;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Gateway.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BucketProxy.Gateway.Hosting;

/// <summary>What the server keeps to, and where it listens.</summary>
internal static class KestrelLimits
{
    public static void Apply(KestrelServerOptions server, GatewayOptions options)
    {
        server.AddServerHeader = false;
        server.AllowSynchronousIO = false;
        // HTTP/2 without TLS is told to the server as an ALPN outcome (PrefaceProtocol), but its scheme is http.
        server.AllowAlternateSchemes = true;
        // Header bytes are Latin-1 on both ways: what came in goes out (RFC 9110 section 5.5, obs-text).
        server.RequestHeaderEncodingSelector = static name => name == "Connection" ? ConnectionHeaderEncoding.Instance : Encoding.Latin1;
        server.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        var limits = server.Limits;
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
        limits.MaxRequestHeaderCount = options.MaxHeaderCount;
        limits.MaxRequestLineSize = options.MaxRequestLineBytes;
        limits.MaxRequestBufferSize = options.ReadAheadBytes;
        limits.MaxResponseBufferSize = options.WriteAheadBytes;
        limits.KeepAliveTimeout = options.ClientKeepAlive;
        limits.RequestHeadersTimeout = options.HeadersTimeout;
        // A held upload moves nothing, and a slow one is no attack here: the idle timeout limits both.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
    }

    public static void Listen(KestrelServerOptions server, GatewayOptions options, Action<ListenOptions> configure)
    {
        if (options.Address == "*")
            server.ListenAnyIP(options.Port, configure);
        else
            server.Listen(IPAddress.Parse(options.Address), options.Port, configure);
    }
}
