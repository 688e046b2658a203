using System.Text.RegularExpressions;

namespace BucketProxy.Commands.Import;

/// <summary>An nginx <c>map</c>, evaluated as nginx does: whole texts first, then patterns in their order, then the default.</summary>
internal sealed class NginxMap
{
    // A pattern from a file: it must not be able to keep us busy for ever.
    private static readonly TimeSpan PatternTime = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, string> _texts = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(Regex Pattern, string Target, NginxDirective Entry)> _patterns = [];
    private readonly HashSet<NginxDirective> _decided = new(ReferenceEqualityComparer.Instance);
    private readonly string? _default;

    /// <exception cref="FormatException">A pattern cannot be read.</exception>
    public NginxMap(NginxDirective map)
    {
        Line = map.Line;
        foreach (var entry in map.Block ?? [])
        {
            if (entry.Parameters.Count == 0)
                LeftOut.Add(entry);
            else if (entry.Name == "default")
                _default = entry.Parameters[0];
            else if (entry.Name is "hostnames" or "include" or "volatile")
                LeftOut.Add(entry);
            else if (entry.Name.StartsWith('~'))
                _patterns.Add((Pattern(entry), entry.Parameters[0], entry));
            else
                _texts[entry.Name.TrimStart('\\')] = entry.Parameters[0];
        }
    }

    public int Line { get; }

    /// <summary>Entries that are not understood.</summary>
    public List<NginxDirective> LeftOut { get; } = [];

    /// <summary>Whole texts: requests that a UUID does not decide.</summary>
    public IEnumerable<string> Texts => _texts.Keys;

    /// <summary>Where requests go that nothing else matches.</summary>
    public string? Default => _default;

    /// <summary>Runs of 8 and more hex digits that patterns hold: bases by hand.</summary>
    public IEnumerable<string> Literals => _patterns.SelectMany(p => HexRun.Matches(p.Pattern.ToString())).Select(m => m.Value).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Patterns that decided nothing so far: what they are for was not tried.</summary>
    public IEnumerable<NginxDirective> Untried => _patterns.Select(p => p.Entry).Where(e => !_decided.Contains(e));

    /// <summary>Where a request goes; null: nowhere.</summary>
    public string? Evaluate(string requestUri)
    {
        if (_texts.TryGetValue(requestUri, out var target))
            return target;
        foreach (var (pattern, to, entry) in _patterns)
        {
            if (!pattern.IsMatch(requestUri))
                continue;
            _decided.Add(entry);
            return to;
        }
        return _default;
    }

    private static readonly Regex HexRun = new("(?<![0-9A-Za-z\\[])[0-9a-fA-F]{8}(-[0-9a-fA-F]{1,4}){0,3}(-[0-9a-fA-F]{1,12})?(?![0-9A-Za-z{\\]])", RegexOptions.CultureInvariant, PatternTime);

    private static Regex Pattern(NginxDirective entry)
    {
        var anyCase = entry.Name.StartsWith("~*", StringComparison.Ordinal);
        try
        {
            return new Regex(entry.Name[(anyCase ? 2 : 1)..],
                RegexOptions.CultureInvariant | (anyCase ? RegexOptions.IgnoreCase : RegexOptions.None), PatternTime);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"line {entry.Line}: the pattern '{entry.Name}' cannot be read: {e.Message}", e);
        }
    }
}
