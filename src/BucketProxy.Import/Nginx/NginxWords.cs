using System.Text;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>The words of an nginx configuration, one after the other, with nginx's own rules about quotes and backslashes.</summary>
internal sealed class NginxWords
{
    private readonly string _text;
    private readonly string? _file;
    private int _at;
    private int _line = 1;

    public NginxWords(string text, string? file)
    {
        _text = text;
        _file = file;
        Next();
    }

    /// <summary>The present word, or null at the end.</summary>
    public string? Current { get; private set; }

    /// <summary>True: the present word is a brace or semicolon, not a text that looks like one.</summary>
    public bool IsMark { get; private set; }

    /// <summary>Where the present word begins.</summary>
    public Place Place { get; private set; }

    public ImportException Fault(string what) => new(Place, what);

    public void Next()
    {
        SkipSpace();
        Place = new Place(_file, _line);
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

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n';

    private void SkipSpace()
    {
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == '#')
            {
                while (_at + 1 < _text.Length && _text[_at + 1] != '\n')
                    _at++;
            }
            else if (!IsSpace(_text[_at]))
            {
                return;
            }
            else if (_text[_at] == '\n')
            {
                _line++;
            }
        }
    }

    private string ReadQuoted(char quote)
    {
        var word = new StringBuilder();
        for (_at++; ;)
        {
            if (_at >= _text.Length)
                throw Fault($"a {quote} that is not closed");
            if (_text[_at] == quote)
                break;
            ReadOne(word);
        }
        _at++;
        if (_at < _text.Length && !IsSpace(_text[_at]) && _text[_at] is not (';' or '{' or ')'))
            throw Fault($"a '{_text[_at]}' right behind a {quote}");
        return word.ToString();
    }

    /// <summary>Up to a space, a ';' or a '{'. A '}' is part of it, and so is a '{' behind a '$'.</summary>
    private string ReadBare()
    {
        var word = new StringBuilder();
        while (_at < _text.Length && !IsSpace(_text[_at]) && _text[_at] != ';' && (_text[_at] != '{' || (_at > 0 && _text[_at - 1] == '$')))
            ReadOne(word);
        return word.ToString();
    }

    /// <summary>One character, or an escape that nginx undoes; a regex keeps all its others.</summary>
    private void ReadOne(StringBuilder word)
    {
        var c = _text[_at++];
        _line += c == '\n' ? 1 : 0;
        if (c != '\\' || _at >= _text.Length)
        {
            word.Append(c);
            return;
        }
        var escaped = _text[_at++];
        _line += escaped == '\n' ? 1 : 0;
        switch (escaped)
        {
            case '"' or '\'' or '\\':
                word.Append(escaped);
                break;
            case 't':
                word.Append('\t');
                break;
            case 'r':
                word.Append('\r');
                break;
            case 'n':
                word.Append('\n');
                break;
            default:
                word.Append(c).Append(escaped);
                break;
        }
    }
}
