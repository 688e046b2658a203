using System.Numerics;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Targets;

internal enum Shape
{
    Unknown,
    Base,
    SocketIo,
    Ping,
    SysInfo,
}

/// <summary>The known shapes of a path, word by word, on the text as it came: nothing is decoded here.</summary>
internal static class RouteShape
{
    /// <param name="path">The path behind the prefix, without query.</param>
    /// <param name="segment">For <see cref="Shape.Base"/>: the segment in the UUID's place, may be empty.</param>
    /// <param name="behind">For <see cref="Shape.Base"/>: what follows it, empty or beginning with a slash.</param>
    public static Shape Match<TChar>(
        ReadOnlySpan<TChar> path, out ReadOnlySpan<TChar> segment, out ReadOnlySpan<TChar> behind)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        segment = default;
        behind = default;
        if (TryWord(path, "dtables", out var rest))
            return TrySegment(rest, out segment, out behind) ? Shape.Base : Shape.Unknown;
        if (TryWord(path, "socket.io", out rest))
            return IsEnd(rest) ? Shape.SocketIo : Shape.Unknown;
        if (TryWord(path, "ping", out rest))
            return IsEnd(rest) ? Shape.Ping : Shape.Unknown;
        if (!TryWord(path, "api", out rest) || !TryVersion(rest, out var isFirst, out var api))
            return Shape.Unknown;

        var inside = TryWord(api, "internal", out rest) ? rest : api;
        if (TryWord(inside, "dtables", out rest) && TrySegment(rest, out segment, out behind))
            return Shape.Base;
        if (!isFirst)
            return Shape.Unknown;

        // Two old shapes carry the UUID without "dtables/", and the word behind it tells them from other routes.
        if (inside.Length != api.Length && TrySegment(inside, out segment, out behind) && TryWord(behind, "connected-apps", out _))
            return Shape.Base;
        if (TrySegment(api, out segment, out behind) && TryWord(behind, "import-csv", out _))
            return Shape.Base;
        return TryWord(api, "admin", out rest) && TryWord(rest, "sys-info", out rest) && IsEnd(rest) ? Shape.SysInfo : Shape.Unknown;
    }

    /// <summary>Takes <c>/word</c>, in any case, when a slash or the end follows.</summary>
    private static bool TryWord<TChar>(ReadOnlySpan<TChar> path, string word, out ReadOnlySpan<TChar> rest)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        rest = default;
        if (path.IsEmpty || path[0] != Ascii.Of<TChar>('/') || !Ascii.StartsWithIgnoreCase(path[1..], word))
            return false;
        rest = path[(word.Length + 1)..];
        return rest.IsEmpty || rest[0] == Ascii.Of<TChar>('/');
    }

    /// <summary>Takes <c>/v1</c>, <c>/v2</c>, …</summary>
    private static bool TryVersion<TChar>(ReadOnlySpan<TChar> path, out bool isFirst, out ReadOnlySpan<TChar> rest)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        isFirst = false;
        if (!TrySegment(path, out var segment, out rest) || segment.Length < 2 || Ascii.Char(segment[0]) is not ('v' or 'V'))
            return false;
        foreach (var c in segment[1..])
        {
            if (!char.IsAsciiDigit(Ascii.Char(c)))
                return false;
        }
        isFirst = segment.Length == 2 && segment[1] == Ascii.Of<TChar>('1');
        return true;
    }

    /// <summary>Takes <c>/segment</c>, which may be empty.</summary>
    private static bool TrySegment<TChar>(
        ReadOnlySpan<TChar> path, out ReadOnlySpan<TChar> segment, out ReadOnlySpan<TChar> rest)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        segment = default;
        rest = default;
        if (path.IsEmpty)
            return false;
        segment = path[1..];
        if (segment.IndexOf(Ascii.Of<TChar>('/')) is >= 0 and var end)
        {
            rest = segment[end..];
            segment = segment[..end];
        }
        return true;
    }

    private static bool IsEnd<TChar>(ReadOnlySpan<TChar> rest)
        where TChar : unmanaged, IBinaryInteger<TChar> => rest.Length <= 1;
}
