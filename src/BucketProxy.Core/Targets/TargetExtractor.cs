using System.Buffers;
using System.Numerics;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Targets;

/// <summary>
/// Finds the base that a request is for in its raw request target. Immutable, thread-safe, allocates nothing.
/// </summary>
/// <remarks>
/// The law: only a target that matches one of the known shapes, letter by letter, is ever forwarded, and only to the owner of
/// the UUID in that shape. What a server behind us might read differently (decoded words, merged slashes, dot segments that
/// climb out of the base, a second <c>dtable_uuid</c> in another spelling) is refused, never guessed.
/// <code>
///  [http://host] [prefix] /dtables/{uuid}…                              words of routes: any case, as the servers take them
///                         /api/v{n}[/internal]/dtables/{uuid}…          {uuid}: any case, dashed or not, percent-encoded or not
///                         /api/v1/{uuid}/import-csv…
///                         /api/v1/internal/{uuid}/connected-apps…
///                         /socket.io[/]?…dtable_uuid={uuid}…
///                         /ping[/]   /api/v1/admin/sys-info[/]          answered here
/// </code>
/// </remarks>
public sealed class TargetExtractor
{
    /// <summary>The prefixes that are stripped unless configured otherwise.</summary>
    public static IReadOnlyList<string> DefaultPrefixes { get; } = ["/dtable-server", "/api-gateway"];

    private static readonly string[] RouteRoots = ["api", "dtables", "socket.io", "ping"];
    private static readonly char[] Visible =
        [.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c != '#')];
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Visible);
    private static readonly SearchValues<byte> AllowedBytes = SearchValues.Create([.. Visible.Select(c => (byte)c)]);
    private readonly string[] _prefixes;

    /// <summary>Makes an extractor for the default prefixes.</summary>
    public TargetExtractor()
        : this(DefaultPrefixes)
    {
    }

    /// <summary>Makes an extractor.</summary>
    /// <param name="prefixes">Path prefixes, each of which may stand once in front of a route and is stripped: begins with a slash,
    /// does not end in one, matched case-sensitively. May be empty.</param>
    /// <exception cref="ArgumentException">A prefix that cannot work; the message says which and why.</exception>
    public TargetExtractor(IEnumerable<string> prefixes)
    {
        ArgumentNullException.ThrowIfNull(prefixes);
        // Longest first: of "/a" and "/a/b" the one that says more is meant.
        _prefixes = [.. prefixes.Distinct(StringComparer.Ordinal).OrderByDescending(p => p.Length)];
        foreach (var prefix in _prefixes)
        {
            if (PrefixProblem(prefix) is { } problem)
                throw new ArgumentException($"'{prefix}' cannot be a path prefix: {problem}", nameof(prefixes));
        }
    }

    /// <summary>What is wrong with <paramref name="prefix"/> as a path prefix, or null.</summary>
    public static string? PrefixProblem(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length < 2 || prefix[0] != '/' || prefix[^1] == '/')
            return "it must begin with a slash and must not end in one.";
        if (prefix.AsSpan().ContainsAnyExceptInRange('\x21', '\x7e') || prefix.AsSpan().ContainsAny("%?#\\;"))
            return "it may hold letters, digits and the like, but no blank, '%', '?', '#', ';' or backslash.";
        if (PathSegments.IsAmbiguous(prefix.AsSpan()))
            return "it may hold no empty segment, '.' or '..'.";
        var root = prefix.AsSpan(1);
        if (root.IndexOf('/') is >= 0 and var end)
            root = root[..end];
        foreach (var taken in RouteRoots)
        {
            if (root.Equals(taken, StringComparison.OrdinalIgnoreCase))
                return $"routes begin with '/{taken}'.";
        }
        return null;
    }

    /// <inheritdoc cref="Extract{TChar}(ReadOnlySpan{TChar})"/>
    public RequestTarget Extract(string target) => Extract(target.AsSpan());

    /// <summary>Reads a raw request target, exactly as it stood in the request line. Never throws.</summary>
    /// <typeparam name="TChar"><see cref="char"/> or <see cref="byte"/>.</typeparam>
    public RequestTarget Extract<TChar>(ReadOnlySpan<TChar> target)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        // :: Step 1: characters that no target may hold. A server that cuts at '#' or at a tab would see another path than we.
        if (Ascii.ContainsAnyBut(target, Allowed, AllowedBytes))
            return RequestTarget.Malformed(TargetFault.InvalidCharacter);

        // :: Step 2: where the path begins.
        if (!TryFindPath(target, out var start))
            return RequestTarget.Malformed(TargetFault.NotAPath);
        var query = ReadOnlySpan<TChar>.Empty;
        var path = target[start..];
        if (path.IndexOf(Ascii.Of<TChar>('?')) is >= 0 and var mark)
        {
            query = path[(mark + 1)..];
            path = path[..mark];
        }
        if (path.Contains(Ascii.Of<TChar>('\\')))
            return RequestTarget.Malformed(TargetFault.InvalidCharacter);

        // :: Step 3: one configured prefix.
        foreach (var prefix in _prefixes)
        {
            if (PathSegments.StartsWithPrefix(path, prefix))
            {
                start += prefix.Length;
                path = path[prefix.Length..];
                break;
            }
        }

        // :: Step 4: the shape.
        return RouteShape.Match(path, out var segment, out var behind) switch
        {
            Shape.Base => ReadBase(segment, behind, start),
            Shape.SocketIo => SocketIoQuery.Read(query, start),
            Shape.Ping => RequestTarget.Local(LocalRoute.Ping, start),
            Shape.SysInfo => RequestTarget.Local(LocalRoute.SysInfo, start),
            _ => PathSegments.IsAmbiguous(path)
                ? RequestTarget.Malformed(TargetFault.AmbiguousPath)
                : RequestTarget.Local(LocalRoute.None, start),
        };
    }

    private static RequestTarget ReadBase<TChar>(ReadOnlySpan<TChar> segment, ReadOnlySpan<TChar> behind, int start)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (!PercentEncoded.TryReadBase(segment, out var id))
            return RequestTarget.Malformed(TargetFault.NotAUuid);
        // A server in front of the node that resolves dot segments would see another base than we.
        return PathSegments.ClimbsOut(behind)
            ? RequestTarget.Malformed(TargetFault.LeavesBase)
            : RequestTarget.Of(id, start);
    }

    private static bool TryFindPath<TChar>(ReadOnlySpan<TChar> target, out int start)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        start = 0;
        if (target.IsEmpty)
            return false;
        if (target[0] == Ascii.Of<TChar>('/') || (target.Length == 1 && target[0] == Ascii.Of<TChar>('*')))
            return true;
        // The absolute form, which every server must take (RFC 9112 section 3.2.2); the node gets the origin form.
        var scheme = Ascii.StartsWithIgnoreCase(target, "http://") ? 7 : Ascii.StartsWithIgnoreCase(target, "https://") ? 8 : 0;
        if (scheme == 0)
            return false;
        var slash = target[scheme..].IndexOf(Ascii.Of<TChar>('/'));
        if (slash <= 0)
            return false;
        // A host is never spelled with these: '?' would hide the path, '@' and '\' the host.
        foreach (var c in target.Slice(scheme, slash))
        {
            if (Ascii.Char(c) is '?' or '@' or '\\' or '%')
                return false;
        }
        start = scheme + slash;
        return true;
    }
}
