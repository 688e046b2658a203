using System.Text;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>Reads a Caddyfile with its snippets and everything that it imports: blocks with addresses in front.</summary>
/// <param name="folder">What relative names of imported files start from.</param>
internal sealed class CaddyFile(string folder)
{
    // Deeper than anything anybody writes: a file of braces must not end in a stack overflow.
    private const int MaxDepth = 64;
    private const int MaxDirectives = 100_000;

    // With how many directives each comes to.
    private readonly Dictionary<string, (IReadOnlyList<CaddyDirective> Lines, int Count)> _snippets = new(StringComparer.Ordinal);
    private IReadOnlyList<CaddyWord> _words = [];
    private int _at;
    private int _directives;

    private CaddyWord? Current => _at < _words.Count ? _words[_at] : null;

    /// <summary>The blocks of the file: options (no words in front), and sites.</summary>
    /// <exception cref="ImportException">It is none; the message names the line.</exception>
    public IReadOnlyList<CaddyDirective> Read(string text)
    {
        _words = CaddyWord.Read(text, file: null);
        var blocks = new List<CaddyDirective>();
        while (Current is { } first)
        {
            if (first.IsMark("}"))
                throw new ImportException(first.Place, "a '}' that closes nothing");
            if (first.Text == "import")
                throw new ImportException(first.Place, "an import of whole sites is not understood; put the site into this file");
            var addresses = ReadAddresses();
            // A file of one site needs no braces.
            var before = _directives;
            var block = Current?.IsMark("{") == true ? ReadBraces(depth: 0) : ReadLines(depth: 0);
            if (addresses is [{ Text: ['(', .., ')'] } name])
                _snippets[name.Text[1..^1]] = (block, _directives - before);
            else
                blocks.Add(new CaddyDirective(addresses.Length == 0 ? [first with { Text = "" }] : addresses, block));
        }
        return blocks;
    }

    /// <summary>The words in front of a block: a comma at a line's end goes on.</summary>
    private CaddyWord[] ReadAddresses()
    {
        var words = new List<CaddyWord>();
        while (Current is { } word && !word.IsMark("{") && (words.Count == 0 || !word.BeginsLine || words[^1].Text.EndsWith(',')))
        {
            words.Add(word);
            _at++;
        }
        return [.. words.SelectMany(w => w.Text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => w with { Text = t }))];
    }

    private List<CaddyDirective> ReadBraces(int depth)
    {
        var open = Current!;
        _at++;
        var lines = ReadLines(depth + 1);
        if (Current is null)
            throw new ImportException(open.Place, "a '{' that is not closed");
        _at++;
        return lines;
    }

    /// <summary>Up to a closing brace or the end.</summary>
    private List<CaddyDirective> ReadLines(int depth)
    {
        var lines = new List<CaddyDirective>();
        while (Current is { } first && !first.IsMark("}"))
        {
            if (depth > MaxDepth)
                throw new ImportException(first.Place, $"more than {MaxDepth} blocks in each other");
            if (first.IsMark("{"))
                throw new ImportException(first.Place, "a '{' where a directive begins");
            var words = new List<CaddyWord>();
            for (; Current is { } word && !word.IsMark("{") && !(word.IsMark("}") && words.Count > 0) && (words.Count == 0 || !word.BeginsLine); _at++)
                words.Add(word);
            var line = new CaddyDirective(words, Current is { BeginsLine: false } brace && brace.IsMark("{") ? ReadBraces(depth) : null);
            if (line.Name == "import")
                lines.AddRange(Imported(line, depth));
            else
                lines.Add(line);
            if (++_directives > MaxDirectives)
                throw line.Refuse($"is one of more than {MaxDirectives} directives");
        }
        return lines;
    }

    private IReadOnlyList<CaddyDirective> Imported(CaddyDirective import, int depth)
    {
        if (import.Block is not null || import.Arguments.ToArray() is not [var name])
            throw import.Refuse("is not understood: an import with values is not");
        if (_snippets.TryGetValue(name, out var snippet))
        {
            _directives += snippet.Count;
            return snippet.Lines;
        }
        var (words, at) = (_words, _at);
        try
        {
            var path = Path.Combine(folder, name);
            _words = CaddyWord.Read(File.ReadAllText(path, Encoding.UTF8), Path.GetRelativePath(folder, path));
            _at = 0;
            var lines = ReadLines(depth + 1);
            return Current is null ? lines : throw new ImportException(Current.Place, "a '}' that closes nothing");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw import.Refuse($"cannot be read here: {e.Message} It may decide where a base goes: put what it imports beside this file");
        }
        finally
        {
            (_words, _at) = (words, at);
        }
    }
}
