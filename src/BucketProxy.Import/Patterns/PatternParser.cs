using System.Globalization;

namespace BucketProxy.Import.Patterns;

/// <summary>
/// Reads a regular expression: the part of PCRE2 (nginx) and RE2 (Caddy) in which both mean the same, and which an automaton without
/// memory can judge. What lies outside (looking ahead or back, back references, possessive repeats) is refused by name.
/// </summary>
internal sealed class PatternParser
{
    // Deeper than anything anybody writes: a file of brackets must not end in a stack overflow.
    private const int MaxDepth = 100;
    private const int MaxRepeat = 1000;

    private readonly string _text;
    private bool _anyCase;
    private int _at;
    private int _depth;

    private PatternParser(string text, bool anyCase) => (_text, _anyCase) = (text, anyCase);

    /// <summary>Reads it.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="anyCase">Letters match in either case.</param>
    /// <exception cref="PatternException">It is none, or not of the kind above.</exception>
    public static PatternNode Parse(string text, bool anyCase)
    {
        var parser = new PatternParser(text, anyCase);
        var node = parser.ReadChoice();
        return parser._at == text.Length ? node : throw parser.Fault("a ')' that closes nothing");
    }

    private bool More => _at < _text.Length;

    private char Current => _text[_at];

    private PatternException Fault(string what) => new($"{what}, at its character {_at + 1}");

    private bool Take(string expected)
    {
        if (!_text.AsSpan(_at).StartsWith(expected, StringComparison.Ordinal))
            return false;
        _at += expected.Length;
        return true;
    }

    private PatternNode ReadChoice()
    {
        if (++_depth > MaxDepth)
            throw Fault($"more than {MaxDepth} groups in each other");
        // A flag inside a group ends with it.
        var outer = _anyCase;
        var parts = new List<PatternNode> { ReadSequence() };
        while (Take("|"))
            parts.Add(ReadSequence());
        _anyCase = outer;
        _depth--;
        return parts is [var one] ? one : new PatternNode.Choice(parts);
    }

    private PatternNode.Sequence ReadSequence()
    {
        var parts = new List<PatternNode>();
        while (More && Current is not ('|' or ')'))
        {
            if (ReadOne() is { } part)
                parts.Add(ReadRepeat(part));
        }
        return new PatternNode.Sequence(parts);
    }

    /// <summary>Null: a flag, which nothing can be repeated of.</summary>
    private PatternNode? ReadOne()
    {
        var c = Current;
        switch (c)
        {
            case '(':
                return ReadGroup();
            case '[':
                return new PatternNode.One(PatternClass.Read(_text, _anyCase, ref _at));
            case '.':
                _at++;
                return new PatternNode.One(~ByteSet.Of('\n'));
            case '^':
                _at++;
                return new PatternNode.Place(PlaceKind.Start);
            case '$':
                _at++;
                return new PatternNode.Place(PlaceKind.End);
            case '*' or '+' or '?':
                throw Fault($"a '{c}' behind nothing");
            case '\\':
                return ReadEscape();
            default:
                if (c > 0x7e || char.IsControl(c))
                    throw Fault("a character that is no visible ASCII");
                _at++;
                return Byte(ByteSet.Of(c));
        }
    }

    private PatternNode.One Byte(ByteSet set) => new(_anyCase ? set.InAnyCase() : set);

    private PatternNode ReadEscape()
    {
        if (_at + 1 >= _text.Length)
            throw Fault("a backslash behind which nothing stands");
        PlaceKind? place = _text[_at + 1] switch
        {
            'b' => PlaceKind.WordEdge,
            'B' => PlaceKind.NoWordEdge,
            'A' => PlaceKind.Start,
            'z' => PlaceKind.End,
            _ => null,
        };
        if (place is { } kind)
        {
            _at += 2;
            return new PatternNode.Place(kind);
        }
        // A set in which case counts for nothing stays what it is: \w has both cases, \D is everything but digits.
        return Byte(PatternClass.ReadEscape(_text, ref _at));
    }

    private PatternNode? ReadGroup()
    {
        bool? flag = null;
        if (Take("(?"))
        {
            foreach (var (sign, name) in new[] { ("=", "looking ahead"), ("!", "looking ahead"), ("<=", "looking back"), ("<!", "looking back"), (">", "an atomic group"), ("|", "a branch reset"), ("#", "a comment"), ("(", "a condition") })
            {
                if (_text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal))
                    throw Fault($"{name} is not understood");
            }
            if (Take("P<") || Take("<"))
                SkipName('>');
            else if (Take("'"))
                SkipName('\'');
            else if (!Take(":"))
                flag = ReadFlag();
            if (flag is { } forAll && Take(")"))
            {
                _anyCase = forAll;
                return null;
            }
            if (flag is not null && !Take(":"))
                throw Fault("a flag that is not understood");
        }
        else if (Take("(*"))
        {
            throw Fault("a verb is not understood");
        }
        else
        {
            _at++;
        }
        var outer = _anyCase;
        _anyCase = flag ?? outer;
        var group = ReadChoice();
        _anyCase = outer;
        return Take(")") ? group : throw Fault("a '(' that is not closed");
    }

    private void SkipName(char end)
    {
        var from = _at;
        while (More && (char.IsAsciiLetterOrDigit(Current) || Current == '_'))
            _at++;
        if (_at == from || !Take(end.ToString()))
            throw Fault("a group's name that is none");
    }

    /// <summary>Whether letters match in either case from here on.</summary>
    private bool ReadFlag()
    {
        var on = !Take("-");
        return Take("i") ? on : throw Fault("a flag that is not understood");
    }

    private PatternNode ReadRepeat(PatternNode part)
    {
        if (ReadCount() is not { } count)
            return part;
        if (part is PatternNode.Place)
            throw Fault("a place that is repeated");
        if (Take("+"))
            throw Fault("a possessive repeat is not understood");
        // As few as possible: the same texts match.
        Take("?");
        if (ReadCount() is not null)
            throw Fault("a repeat of a repeat");
        return new PatternNode.Repeat(part, count.Min, count.Max);
    }

    private (int Min, int? Max)? ReadCount()
    {
        if (Take("*"))
            return (0, null);
        if (Take("+"))
            return (1, null);
        if (Take("?"))
            return (0, 1);
        if (!More || Current != '{')
            return null;
        var end = _text.IndexOf('}', _at);
        // A brace that is no count is a brace, to either of them; "{,3}" is one to some versions and a count to others.
        var inside = end < 0 ? "" : _text[(_at + 1)..end];
        if (inside.StartsWith(',') || inside.Contains(' ', StringComparison.Ordinal))
            throw Fault("a '{' that means different things to different versions");
        var numbers = inside.Split(',');
        if (numbers.Length > 2 || !int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min))
            return null;
        int? max = min;
        if (numbers is [_, ""])
            max = null;
        else if (numbers is [_, var most])
            max = int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        if (max == -1)
            return null;
        if (min > MaxRepeat || max > MaxRepeat || max < min)
            throw Fault($"a count out of order, or above {MaxRepeat}");
        _at = end + 1;
        return (min, max);
    }
}
