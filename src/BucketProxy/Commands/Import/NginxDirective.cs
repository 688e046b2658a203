using System.Text;

namespace BucketProxy.Commands.Import;

/// <summary>One directive of an nginx configuration: <c>name parameters;</c> or <c>name parameters { … }</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters, without quotes.</param>
/// <param name="Block">What stands in its braces; null: it has none.</param>
/// <param name="Line">Where it begins.</param>
internal sealed record NginxDirective(string Name, IReadOnlyList<string> Parameters, IReadOnlyList<NginxDirective>? Block, int Line)
{
    /// <summary>This and everything in it, outermost first.</summary>
    public IEnumerable<NginxDirective> Everything() => (Block ?? []).SelectMany(d => d.Everything()).Prepend(this);

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Parameters.Prepend(Name));

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="FormatException">It is none; the message names the line.</exception>
    public static IReadOnlyList<NginxDirective> Parse(string text)
    {
        var words = new NginxWords(text);
        var read = ReadBlock(words, depth: 0);
        return words.Current is null ? read : throw words.Fault("a '}' that closes nothing");
    }

    // Deeper than anything anybody writes: a file of braces must not end in a stack overflow.
    private const int MaxDepth = 64;

    private static List<NginxDirective> ReadBlock(NginxWords words, int depth)
    {
        if (depth > MaxDepth)
            throw words.Fault($"more than {MaxDepth} blocks in each other");
        var read = new List<NginxDirective>();
        while (words.Current is { } first && first != "}")
        {
            if (words.IsMark)
                throw words.Fault($"'{first}' where a directive begins");
            var line = words.Line;
            var parameters = new List<string>();
            words.Next();
            while (words.Current is { } word && !words.IsMark)
            {
                parameters.Add(word);
                words.Next();
            }
            List<NginxDirective>? block = null;
            if (words.Current == "{" && words.IsMark)
            {
                words.Next();
                block = ReadBlock(words, depth + 1);
                if (words.Current != "}")
                    throw words.Fault($"'{first}' of line {line} is not closed");
            }
            else if (words.Current != ";")
            {
                throw words.Fault($"'{first}' of line {line} does not end in ';'");
            }
            words.Next();
            read.Add(new NginxDirective(first, parameters, block, line));
        }
        return read;
    }
}

/// <summary>The words of an nginx configuration, one after the other.</summary>
internal sealed class NginxWords
{
    private readonly string _text;
    private int _at;

    public NginxWords(string text)
    {
        _text = text;
        Next();
    }

    /// <summary>The present word, or null at the end.</summary>
    public string? Current { get; private set; }

    /// <summary>True: the present word is a brace or semicolon, not a text that looks like one.</summary>
    public bool IsMark { get; private set; }

    /// <summary>The line of the present word, from 1.</summary>
    public int Line { get; private set; } = 1;

    public FormatException Fault(string what) => new($"line {Line}: {what}");

    public void Next()
    {
        SkipSpace();
        (Current, IsMark) = (null, false);
        if (_at >= _text.Length)
            return;
        var c = _text[_at];
        if (c is '{' or '}' or ';')
        {
            (Current, IsMark) = (c.ToString(), true);
            _at++;
            return;
        }
        Current = c is '"' or '\'' ? ReadQuoted(c) : ReadBare();
    }

    private void SkipSpace()
    {
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (c == '#')
            {
                while (_at < _text.Length && _text[_at] != '\n')
                    _at++;
            }
            else if (char.IsWhiteSpace(c))
            {
                Line += c == '\n' ? 1 : 0;
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private string ReadQuoted(char quote)
    {
        var word = new StringBuilder();
        for (_at++; _at < _text.Length && _text[_at] != quote; _at++)
        {
            // nginx takes the backslash away before a quote only; a regex keeps all its others.
            if (_text[_at] == '\\' && _at + 1 < _text.Length && _text[_at + 1] == quote)
                _at++;
            word.Append(_text[_at]);
        }
        if (_at >= _text.Length)
            throw Fault($"a {quote} that is not closed");
        _at++;
        return word.ToString();
    }

    private string ReadBare()
    {
        var from = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(_text[_at]) && _text[_at] is not ('{' or '}' or ';'))
        {
            // ${name} is part of a word.
            if (_text[_at] == '$' && _at + 1 < _text.Length && _text[_at + 1] == '{')
            {
                while (_at < _text.Length && _text[_at] != '}')
                    _at++;
                if (_at >= _text.Length)
                    throw Fault("a '${' that is not closed");
            }
            _at++;
        }
        return _text[from.._at];
    }
}
