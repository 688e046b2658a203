using System.Numerics;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Targets;

/// <summary>What slashes and dots in a path may mean to a server that normalises it. We never do.</summary>
internal static class PathSegments
{
    /// <summary>Whether <paramref name="path"/> begins with <paramref name="prefix"/> and a slash.</summary>
    public static bool StartsWithPrefix<TChar>(ReadOnlySpan<TChar> path, string prefix)
        where TChar : unmanaged, IBinaryInteger<TChar> =>
        path.Length > prefix.Length
        && path[prefix.Length] == Ascii.Of<TChar>('/')
        && Ascii.StartsWith(path, prefix);

    /// <summary>Whether a server that decodes, merges slashes or resolves dots could read another path than is written.</summary>
    public static bool IsAmbiguous<TChar>(ReadOnlySpan<TChar> path)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (path.Contains(Ascii.Of<TChar>('%')))
            return true;
        while (!path.IsEmpty)
        {
            var segment = path[1..];
            var end = segment.IndexOf(Ascii.Of<TChar>('/'));
            path = end < 0 ? default : segment[end..];
            segment = end < 0 ? segment : segment[..end];
            if (DotsOf(segment) is Dots.One or Dots.Two || (segment.IsEmpty && end >= 0))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Whether dot segments in <paramref name="behind"/> lead above its start, under any of the readings that servers have, also under several of them one
    /// behind the other: encoded dots count as dots, an encoded slash or backslash separates or does not, each for itself, empty segments do not count.
    /// </summary>
    public static bool ClimbsOut<TChar>(ReadOnlySpan<TChar> behind)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        // The least depth that any of them can have reached: what stands between two slashes counts once, whatever it may be taken apart into, and every
        // pair of dots in it counts.
        var depth = 0;
        var hasCounted = false;
        var from = 0;
        for (var i = 0; i <= behind.Length; i++)
        {
            var width = i == behind.Length ? 1 : SeparatorWidth(behind[i..]);
            if (width == 0)
                continue;
            switch (DotsOf(behind[from..i]))
            {
                case Dots.Two when --depth < 0:
                    return true;
                case Dots.None when i > from && !hasCounted:
                    hasCounted = true;
                    depth++;
                    break;
            }
            hasCounted &= width > 1;
            i += width - 1;
            from = i + 1;
        }
        return false;
    }

    /// <summary>The characters of the separator that <paramref name="text"/> begins with: 1 for a slash, 3 for an encoded one, 0 for none.</summary>
    private static int SeparatorWidth<TChar>(ReadOnlySpan<TChar> text)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (text[0] == Ascii.Of<TChar>('/'))
            return 1;
        return Ascii.StartsWithIgnoreCase(text, "%2f") || Ascii.StartsWithIgnoreCase(text, "%5c") ? 3 : 0;
    }

    private enum Dots
    {
        None,
        One,
        Two,
    }

    private static Dots DotsOf<TChar>(ReadOnlySpan<TChar> segment)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            if (segment[0] == Ascii.Of<TChar>('.'))
                segment = segment[1..];
            else if (Ascii.StartsWithIgnoreCase(segment, "%2e"))
                segment = segment[3..];
            else
                return Dots.None;
            if (++dots > 2)
                return Dots.None;
        }
        return (Dots)dots;
    }
}
