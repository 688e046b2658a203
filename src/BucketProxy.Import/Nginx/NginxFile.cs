using System.IO.Enumeration;
using System.Text;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>Reads a configuration with everything that it includes.</summary>
/// <param name="folder">What relative names of included files start from.</param>
internal sealed class NginxFile(string folder)
{
    // Deeper than anything anybody writes: a file of braces must not end in a stack overflow.
    private const int MaxDepth = 64;
    private const int MaxDirectives = 100_000;

    private int _directives;

    /// <exception cref="ImportException">It is none; the message names the line.</exception>
    public IReadOnlyList<NginxDirective> Read(string text) => Read(text, file: null, depth: 0);

    private List<NginxDirective> Read(string text, string? file, int depth)
    {
        var words = new NginxWords(text, file);
        var read = ReadBlock(words, depth);
        return words.Current is null ? read : throw words.Fault("a '}' that closes nothing");
    }

    private List<NginxDirective> ReadBlock(NginxWords words, int depth)
    {
        if (depth > MaxDepth)
            throw words.Fault($"more than {MaxDepth} blocks in each other");
        var read = new List<NginxDirective>();
        while (words.Current is not null && !(words.IsMark && words.Current == "}"))
        {
            var directive = ReadDirective(words, depth);
            if (directive is { Name: "include", Block: null, Parameters: [var name] })
                read.AddRange(Included(directive, name, depth));
            else
                read.Add(directive);
            if (++_directives > MaxDirectives)
                throw words.Fault($"more than {MaxDirectives} directives");
        }
        return read;
    }

    private NginxDirective ReadDirective(NginxWords words, int depth)
    {
        if (words.IsMark)
            throw words.Fault($"'{words.Current}' where a directive begins");
        var (name, place) = (words.Current!, words.Place);
        var parameters = new List<string>();
        words.Next();
        while (words.Current is { } word && !words.IsMark)
        {
            parameters.Add(word);
            words.Next();
        }
        List<NginxDirective>? block = null;
        if (words.Current == "{")
        {
            if (name.EndsWith("_by_lua_block", StringComparison.Ordinal))
                throw new ImportException(place, $"'{name}' is a program, which may decide anything");
            words.Next();
            block = ReadBlock(words, depth + 1);
            if (words.Current is null)
                throw new ImportException(place, $"'{name}' is not closed");
        }
        else if (words.Current != ";")
        {
            throw new ImportException(place, $"'{name}' does not end in ';'");
        }
        words.Next();
        return new NginxDirective(name, parameters, block, place);
    }

    private IEnumerable<NginxDirective> Included(NginxDirective include, string name, int depth)
    {
        // Types of files: of no matter to a proxy, and often on the machine of nginx only.
        if (Path.GetFileName(name) == "mime.types")
            return [];
        var path = Path.Combine(folder, name);
        try
        {
            return [.. Files(path).SelectMany(file => Read(File.ReadAllText(file, Encoding.UTF8), Path.GetRelativePath(folder, file), depth + 1))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw include.Refuse($"cannot be read here: {e.Message} It may decide where a base goes: put what it includes beside this file");
        }
    }

    private static IEnumerable<string> Files(string path)
    {
        var (directory, pattern) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
        if (directory.AsSpan().IndexOfAny('*', '?', '[') >= 0 || pattern.Contains('[', StringComparison.Ordinal))
            throw new ArgumentException("a pattern for files is read in the last part of a name only, with '*' and '?'.");
        return pattern.AsSpan().IndexOfAny('*', '?') < 0
            ? [path]
            // A star stands for no dot in front, as in a shell.
            : Directory.EnumerateFiles(directory).Where(f => (pattern.StartsWith('.') || !Path.GetFileName(f).StartsWith('.')) && FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(f), ignoreCase: false)).Order(StringComparer.Ordinal);
    }
}
