using System.Text;
using BucketProxy.Import.Patterns;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>
/// Reads an expression of Caddy's, as far as it goes by the address: <c>{http.request.orig_uri}.matches('…')</c>, startsWith, endsWith, contains, ==, !=,
/// <c>path('…')</c>, <c>path_regexp('…')</c>, and these with &amp;&amp;, ||, ! and brackets.
/// </summary>
internal sealed class CelReader
{
    private const int MaxDepth = 100;

    private readonly string _text;
    private readonly CaddyDirective _at;
    private int _position;
    private int _depth;

    private CelReader(string text, CaddyDirective at) => (_text, _at) = (text, at);

    public static Decision<bool> Read(string text, CaddyDirective at)
    {
        var reader = new CelReader(text, at);
        var result = reader.ReadOr();
        reader.SkipSpace();
        return reader._position == text.Length ? result : throw reader.Fault();
    }

    private ImportException Fault() => _at.Refuse($"is an expression that is not understood, from its character {_position + 1} on");

    private void SkipSpace()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
            _position++;
    }

    private bool Take(string sign)
    {
        SkipSpace();
        if (!_text.AsSpan(_position).StartsWith(sign, StringComparison.Ordinal))
            return false;
        _position += sign.Length;
        return true;
    }

    private void Want(string sign)
    {
        if (!Take(sign))
            throw Fault();
    }

    private Decision<bool> ReadOr()
    {
        if (++_depth > MaxDepth)
            throw Fault();
        var result = ReadAnd();
        while (Take("||"))
            result = result.Or(ReadAnd());
        _depth--;
        return result;
    }

    private Decision<bool> ReadAnd()
    {
        var result = ReadNot();
        while (Take("&&"))
            result = result.And(ReadNot());
        return result;
    }

    private Decision<bool> ReadNot()
    {
        var isNegated = false;
        while (Take("!"))
            isNegated = !isNegated;
        var result = ReadOne();
        return isNegated ? result.Not() : result;
    }

    private Decision<bool> ReadOne()
    {
        if (Take("("))
        {
            var inner = ReadOr();
            Want(")");
            return inner;
        }
        if (Take("{"))
            return ReadAbout();
        var isRegex = Take("path_regexp(");
        if (!isRegex)
            Want("path(");
        var texts = new List<string> { ReadText() };
        while (Take(","))
            texts.Add(ReadText());
        Want(")");
        return isRegex ? CaddyMatchers.PathRegex(texts, _at) : CaddyMatchers.Path(texts, _at);
    }

    /// <summary>Behind the brace of a placeholder.</summary>
    private Decision<bool> ReadAbout()
    {
        var end = _text.IndexOf('}', _position);
        if (end < 0)
            throw Fault();
        var name = _text[_position..end];
        if (SubjectOf(name) is not { } about)
            throw _at.Refuse($"goes by {{{name}}}; a base is named by the address only");
        _position = end + 1;
        if (Take("=="))
            return Is(ReadText());
        if (Take("!="))
            return Is(ReadText()).Not();
        Want(".");
        var pattern = Method();
        return Judgement.Of(about.Subject, pattern, about.Argument);

        Decision<bool> Is(string text) => Judgement.Of(about.Subject, Automaton.Text(text, anyCase: false), about.Argument);
    }

    private Automaton Method()
    {
        foreach (var name in new[] { "matches", "startsWith", "endsWith", "contains" })
        {
            if (!Take(name + "("))
                continue;
            var text = ReadText();
            Want(")");
            return ConditionPattern.Read(
                name switch
                {
                    "matches" => text,
                    "startsWith" => "^" + Judgement.Escape(text),
                    "endsWith" => Judgement.Escape(text) + "$",
                    _ => Judgement.Escape(text),
                },
                anyCase: false, _at.Refuse);
        }
        throw Fault();
    }

    private string ReadText()
    {
        SkipSpace();
        var isRaw = Take("r'") || Take("r\"");
        if (isRaw)
            _position--;
        if (_position >= _text.Length || _text[_position] is not ('\'' or '"') || _text.AsSpan(_position).StartsWith(new string(_text[_position], 3), StringComparison.Ordinal))
            throw Fault();
        var quote = _text[_position++];
        var text = new StringBuilder();
        for (; ; _position++)
        {
            if (_position >= _text.Length || _text[_position] == '\n')
                throw Fault();
            if (_text[_position] == quote)
                break;
            text.Append(_text[_position] == '\\' && !isRaw ? Escaped() : _text[_position]);
        }
        _position++;
        return text.ToString();
    }

    private char Escaped()
    {
        _position++;
        return _position < _text.Length
            ? _text[_position] switch
            {
                '\\' or '\'' or '"' or '`' or '?' => _text[_position],
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => throw Fault(),
            }
            : throw Fault();
    }

    private static (Subject Subject, string? Argument)? SubjectOf(string placeholder) => placeholder switch
    {
        "http.request.orig_uri" or "http.request.uri" or "uri" => (Subject.Target, null),
        "http.request.orig_uri.path" or "http.request.uri.path" or "path" => (Subject.Path, null),
        "http.request.orig_uri.query" or "http.request.uri.query" or "query" => (Subject.Query, null),
        _ when placeholder.StartsWith("http.request.uri.query.", StringComparison.Ordinal) => (Subject.DecodedArgument, placeholder["http.request.uri.query.".Length..]),
        _ when placeholder.StartsWith("query.", StringComparison.Ordinal) => (Subject.DecodedArgument, placeholder["query.".Length..]),
        _ => null,
    };
}
