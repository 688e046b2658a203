using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Which headers end at the proxy (RFC 9110 section 7.6.1).</summary>
internal static class HopByHop
{
    /// <summary>
    /// Headers of a request that are not copied: they concern this connection, or are written anew. <c>Expect</c> is among them: the
    /// client gets its 100 when the destination's connection stands and the body is wanted, and the destination gets head and body without being
    /// asked.
    /// </summary>
    public static bool IsRequestOnly(string name)
    {
        // Pseudo headers of HTTP/2.
        if (name.StartsWith(':'))
            return true;
        return name.Length switch
        {
            2 => Is("TE"),
            4 => Is("Host"),
            6 => Is("Expect"),
            7 => Is("Trailer") || Is("Upgrade"),
            10 => Is("Connection") || Is("Keep-Alive"),
            14 => Is("HTTP2-Settings"),
            15 => Is("X-Forwarded-For"),
            16 => Is("Proxy-Connection") || Is("X-Forwarded-Host"),
            17 => Is("Transfer-Encoding") || Is("X-Forwarded-Proto"),
            18 => Is("Proxy-Authenticate"),
            19 => Is("Proxy-Authorization"),
            _ => false,
        };

        bool Is(string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Headers of an answer that are not copied.</summary>
    public static bool IsResponseOnly(string name)
    {
        return name.Length switch
        {
            7 => Is("Trailer") || Is("Upgrade"),
            10 => Is("Connection") || Is("Keep-Alive"),
            16 => Is("Proxy-Connection"),
            17 => Is("Transfer-Encoding"),
            18 => Is("Proxy-Authenticate"),
            _ => false,
        };

        bool Is(string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The headers that a <c>Connection</c> header names, beyond those dropped anyway; null in the usual case.</summary>
    public static HashSet<string>? Nominated(StringValues connection)
    {
        HashSet<string>? names = null;
        foreach (var value in connection)
        {
            if (value is null || IsUsual(value))
                continue;
            foreach (var token in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!IsUsual(token))
                    (names ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(token);
            }
        }
        return names;
    }

    private static bool IsUsual(string value) =>
        value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || value.Equals("close", StringComparison.OrdinalIgnoreCase)
        || value.Equals("Upgrade", StringComparison.OrdinalIgnoreCase);

    /// <summary>The two lines that say that trailers are taken. <c>TE</c> is for the next one only, and has to be nominated (RFC 9110 section 10.1.4).</summary>
    public static ReadOnlySpan<byte> TrailersTaken => "Connection: TE\r\nTE: trailers\r\n"u8;

    /// <summary>Whether the client takes trailers. Whoever asks for a websocket gets none.</summary>
    public static bool TakesTrailers(IHeaderDictionary request)
    {
        if (request.TE.Count == 0 || request.SecWebSocketVersion.Count > 0)
            return false;
        foreach (var value in request.TE)
        {
            if (value is null)
                continue;
            foreach (var token in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[token].Trim().Equals("trailers", StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }
        return false;
    }
}
