using System.Globalization;

namespace BucketProxy.Import.Patterns;

/// <summary>Reads the parts of a pattern that stand for one byte: classes in brackets, and escapes.</summary>
internal static class PatternClass
{
    /// <summary>Reads a class, whose '[' is the present character. In any case: before what it takes is turned round, not behind.</summary>
    public static ByteSet Read(string text, bool anyCase, ref int at)
    {
        var begin = at++;
        var isNegated = Take(text, ref at, '^');
        var set = ByteSet.None;
        for (var isFirst = true; ; isFirst = false)
        {
            if (at >= text.Length)
                throw new PatternException($"a '[' that is not closed, at its character {begin + 1}");
            if (text[at] == ']' && !isFirst)
                break;
            set |= ReadMember(text, ref at);
        }
        at++;
        if (anyCase)
            set = set.InAnyCase();
        return isNegated ? ~set : set;
    }

    /// <summary>Reads an escape, whose backslash is the present character.</summary>
    public static ByteSet ReadEscape(string text, ref int at)
    {
        if (at + 1 >= text.Length)
            throw new PatternException("a backslash behind which nothing stands");
        var c = text[at + 1];
        at += 2;
        switch (c)
        {
            case 'd': return ByteSet.Digits;
            case 'D': return ~ByteSet.Digits;
            case 'w': return ByteSet.Words;
            case 'W': return ~ByteSet.Words;
            case 's': return ByteSet.Spaces;
            case 'S': return ~ByteSet.Spaces;
            case 't': return ByteSet.Of('\t');
            case 'n': return ByteSet.Of('\n');
            case 'r': return ByteSet.Of('\r');
            case 'f': return ByteSet.Of('\f');
            case 'x': return ReadHex(text, ref at);
            default:
                return !char.IsAsciiLetterOrDigit(c) && c is > ' ' and <= '~'
                    ? ByteSet.Of(c)
                    : throw new PatternException($"'\\{c}' is not understood, at its character {at - 1}");
        }
    }

    private static ByteSet ReadMember(string text, ref int at)
    {
        var begin = at;
        if (text.AsSpan(at).StartsWith("[:", StringComparison.Ordinal))
            return ReadNamed(text, ref at);
        if (text.AsSpan(at) is ['[', '.' or '=', ..])
            throw new PatternException($"a collating class is not understood, at its character {at + 1}");
        var first = ReadSingle(text, ref at, out var low);
        // A '-' at the end of a class is itself, and so it is behind a set.
        if (low is not { } from || at + 1 >= text.Length || text[at] != '-' || text[at + 1] == ']')
            return first;
        at++;
        ReadSingle(text, ref at, out var high);
        return high is { } to && to >= from
            ? ByteSet.Range(from, to)
            : throw new PatternException($"a range out of order, at its character {begin + 1}");
    }

    /// <summary>One member; <paramref name="single"/> is null where it is a set, with which no range begins or ends.</summary>
    private static ByteSet ReadSingle(string text, ref int at, out char? single)
    {
        if (text[at] != '\\')
        {
            if (text[at] > 0x7e || char.IsControl(text[at]))
                throw new PatternException($"a character that is no visible ASCII, at its character {at + 1}");
            single = text[at];
            return ByteSet.Of(text[at++]);
        }
        var set = ReadEscape(text, ref at);
        single = null;
        for (var c = 0; c < 256; c++)
        {
            if (set == ByteSet.Of((char)c))
                single = (char)c;
        }
        return set;
    }

    private static ByteSet ReadNamed(string text, ref int at)
    {
        var end = text.IndexOf(":]", at, StringComparison.Ordinal);
        var name = end < 0 ? "" : text[(at + 2)..end];
        var isNegated = name.StartsWith('^');
        ByteSet? set = name.TrimStart('^') switch
        {
            "alpha" => ByteSet.Letters,
            "digit" => ByteSet.Digits,
            "alnum" => ByteSet.Letters | ByteSet.Digits,
            "xdigit" => ByteSet.Digits | ByteSet.Range('a', 'f') | ByteSet.Range('A', 'F'),
            "lower" => ByteSet.Range('a', 'z'),
            "upper" => ByteSet.Range('A', 'Z'),
            "word" => ByteSet.Words,
            _ => null,
        };
        if (set is not { } found)
            throw new PatternException($"a class's name that is not understood, at its character {at + 1}");
        at = end + 2;
        return isNegated ? ~found : found;
    }

    private static ByteSet ReadHex(string text, ref int at)
    {
        var isBraced = Take(text, ref at, '{');
        var from = at;
        while (at < text.Length && char.IsAsciiHexDigit(text[at]) && at - from < 2)
            at++;
        if (at - from != 2 || (isBraced && !Take(text, ref at, '}')))
            throw new PatternException($"'\\x' wants two hex digits, at its character {from + 1}");
        return ByteSet.Of((char)byte.Parse(text.AsSpan(from, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private static bool Take(string text, ref int at, char expected)
    {
        if (at >= text.Length || text[at] != expected)
            return false;
        at++;
        return true;
    }
}
