using System.Text;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>A word of a Caddyfile.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="IsQuoted">It stood in quotes or backticks, so a brace in it is none.</param>
/// <param name="BeginsLine">It is the first of its line.</param>
/// <param name="Place">Where it begins.</param>
internal sealed record CaddyWord(string Text, bool IsQuoted, bool BeginsLine, Place Place)
{
    public bool IsMark(string brace) => !IsQuoted && Text == brace;

    /// <summary>All words of a Caddyfile.</summary>
    /// <exception cref="ImportException">It is none.</exception>
    public static IReadOnlyList<CaddyWord> Read(string text, string? file) => new Reader(text, file).Read();

    private sealed class Reader(string text, string? file)
    {
        private readonly List<CaddyWord> _words = [];
        private int _at;
        private int _line = 1;
        private bool _beginsLine = true;

        public List<CaddyWord> Read()
        {
            while (_at < text.Length)
            {
                var c = text[_at];
                if (c == '\n')
                    (_line, _beginsLine, _at) = (_line + 1, true, _at + 1);
                else if (char.IsWhiteSpace(c))
                    _at++;
                else if (c == '#')
                    SkipComment();
                else if (IsContinued())
                    _at = text.IndexOf('\n', _at) + 1;
                else
                    ReadWord();
            }
            return _words;
        }

        /// <summary>A backslash in front of the line's end: the line goes on.</summary>
        private bool IsContinued()
        {
            if (text[_at] != '\\' || (text.AsSpan(_at + 1) is not ['\n', ..] and not ['\r', '\n', ..]))
                return false;
            _line++;
            return true;
        }

        private void SkipComment()
        {
            while (_at < text.Length && text[_at] != '\n')
                _at++;
        }

        private void ReadWord()
        {
            var place = new Place(file, _line);
            var quote = text[_at] is '"' or '`' ? text[_at] : (char?)null;
            if (text.AsSpan(_at).StartsWith("<<", StringComparison.Ordinal))
                throw new ImportException(place, "a text over several lines ('<<') is not understood");
            var word = quote is { } q ? ReadQuoted(q, place) : ReadBare();
            if (word.Contains("{$", StringComparison.Ordinal))
                throw new ImportException(place, $"'{word}' takes a variable of Caddy's environment, which is not known here: write its value in its place");
            _words.Add(new CaddyWord(word, quote is not null, _beginsLine, place));
            _beginsLine = false;
        }

        private string ReadQuoted(char quote, Place place)
        {
            var word = new StringBuilder();
            for (_at++; _at < text.Length && text[_at] != quote; _at++)
            {
                // Only a quote is escaped; in backticks nothing is. A backslash that another one stands in front of escapes nothing.
                if (quote == '"' && text[_at] == '\\' && _at + 1 < text.Length && text[_at + 1] is '"' or '\\')
                {
                    if (text[_at + 1] == '\\')
                        word.Append('\\');
                    _at++;
                }
                _line += text[_at] == '\n' ? 1 : 0;
                word.Append(text[_at]);
            }
            if (_at++ >= text.Length)
                throw new ImportException(place, $"a {quote} that is not closed");
            return word.ToString();
        }

        private string ReadBare()
        {
            var from = _at;
            while (_at < text.Length && !char.IsWhiteSpace(text[_at]))
                _at++;
            return text[from.._at];
        }
    }
}
