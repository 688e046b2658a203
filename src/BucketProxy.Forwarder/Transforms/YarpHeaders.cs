using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net.Http.Headers;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>What YARP's own transforms, and the runtime's client below them, make of a header's name.</summary>
internal static class YarpHeaders
{
    // Names come from clients: what is remembered of them has an end.
    private const int Most = 1024;
    private static readonly ConcurrentDictionary<string, YarpHeader> Known = new(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Left = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "ALPN",
        "Alt-Svc",
        "Close",
        "Connection",
        "HTTP2-Settings",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Proxy-Features",
        "Proxy-Instruction",
        "Security-Scheme",
        "TE",
        "Transfer-Encoding",
        "Upgrade",
        "Upgrade-Insecure-Requests");

    /// <summary>What becomes of a header of that name.</summary>
    public static YarpHeader Of(string name)
    {
        if (Known.TryGetValue(name, out var known))
            return known;
        var header = Ask(name);
        if (Known.Count < Most)
            Known.TryAdd(name, header);
        return header;
    }

    /// <summary>Asks the runtime's own collections.</summary>
    private static YarpHeader Ask(string name)
    {
        if (name.StartsWith(':') || Left.Contains(name))
            return new YarpHeader(name, YarpHeaderKind.Left);
        using var request = new HttpRequestMessage();
        if (request.Headers.TryAddWithoutValidation(name, "1"))
            return new YarpHeader(NameIn(request.Headers.NonValidated), YarpHeaderKind.Message);
        using var content = new ByteArrayContent([]);
        return content.Headers.TryAddWithoutValidation(name, "1")
            ? new YarpHeader(NameIn(content.Headers.NonValidated), YarpHeaderKind.Content)
            : new YarpHeader(name, YarpHeaderKind.Left);
    }

    private static string NameIn(HttpHeadersNonValidated headers) => headers.First().Key;
}

/// <summary>A header's name as the runtime's client spells it, and where it stands.</summary>
internal readonly record struct YarpHeader(string Name, YarpHeaderKind Kind);

/// <summary>Where a header stands in a message.</summary>
internal enum YarpHeaderKind
{
    /// <summary>Nowhere: YARP does not copy it, or it is no header.</summary>
    Left,

    /// <summary>Among the message's.</summary>
    Message,

    /// <summary>Among the content's, which come last. A request with one of these has a content, if an empty one.</summary>
    Content,
}
