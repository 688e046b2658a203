namespace BucketProxy.Import.Caddy;

/// <summary>The order in which Caddy goes through directives outside of a route: by kind, and within a kind the longest path first, and what is for every request last.</summary>
internal sealed class CaddyOrder
{
    private readonly IReadOnlyList<Entry> _entries;

    private CaddyOrder(IEnumerable<CaddyDirective> directives, CaddyMatchers matchers) =>
        _entries = [.. directives.Select(d => new Entry(d, CaddyVocabulary.Deciding.IndexOf(d.Name), matchers.SinglePath(d), d.Matcher is not (null or "*")))];

    /// <exception cref="Splits.ImportException">Versions of Caddy differ about it.</exception>
    public static IReadOnlyList<CaddyDirective> Of(IEnumerable<CaddyDirective> directives, CaddyMatchers matchers)
    {
        var order = new CaddyOrder(directives, matchers);
        var sorted = Sort(order._entries, IsBefore);
        // Up to 2.5, and from 2.10 on.
        Compare(sorted, [.. order._entries.OrderBy(e => e.Kind).ThenByDescending(e => e.Path?.Length ?? 0).ThenByDescending(e => e.HasMatcher)]);
        Compare(sorted, Sort(order._entries, IsBeforeTrimmed));
        return [.. sorted.Select(e => e.Directive)];
    }

    /// <summary>Caddy's comparison is no order in the strict sense, so what comes of it depends on how it sorts: short lists by putting each in its place, one after the other.</summary>
    private static List<Entry> Sort(IReadOnlyList<Entry> entries, Func<Entry, Entry, bool> isBefore)
    {
        var sorted = new List<Entry>();
        foreach (var entry in entries)
        {
            var at = sorted.Count;
            while (at > 0 && isBefore(entry, sorted[at - 1]))
                at--;
            sorted.Insert(at, entry);
        }
        return sorted;
    }

    private static bool IsBefore(Entry a, Entry b) => IsBefore(a, b, (left, right) => left.Length > right.Length);

    private static bool IsBeforeTrimmed(Entry a, Entry b) => IsBefore(a, b, (left, right) => Trimmed(left).Length == Trimmed(right).Length
        ? string.CompareOrdinal(Trimmed(left), Trimmed(right)) < 0
        : Trimmed(left).Length > Trimmed(right).Length);

    private static bool IsBefore(Entry a, Entry b, Func<string, string, bool> isLonger)
    {
        if (a.Kind != b.Kind)
            return a.Kind < b.Kind;
        if (a.Path is { } left && b.Path is { } right)
            // The same but for a star at the end: the one without.
            return Trimmed(left) == Trimmed(right) ? left.Length < right.Length : isLonger(left, right);
        return a.HasMatcher && !b.HasMatcher;
    }

    /// <summary>Two that may be for the same request, one of which may pass it on, come in the same order.</summary>
    private static void Compare(List<Entry> sorted, List<Entry> other)
    {
        for (var later = 1; later < sorted.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (a, b) = (sorted[earlier], sorted[later]);
                if (a.Kind == b.Kind && a.Directive.Name is "handle" or "route" or "reverse_proxy" && MayMeet(a, b) && other.IndexOf(a) > other.IndexOf(b))
                {
                    throw b.Directive.Refuse(
                        $"comes before or behind '{a.Directive}' ({a.Directive.Place}), as Caddy's version has it. Put both into a route, where they come as they stand");
                }
            }
        }
    }

    private static bool MayMeet(Entry a, Entry b) => a.Path is not { } left || b.Path is not { } right
        || left.StartsWith('*') || right.StartsWith('*')
        || Trimmed(left).StartsWith(Trimmed(right), StringComparison.OrdinalIgnoreCase)
        || Trimmed(right).StartsWith(Trimmed(left), StringComparison.OrdinalIgnoreCase);

    private static string Trimmed(string path) => path.EndsWith('*') ? path[..^1] : path;

    /// <param name="Directive">What is put in order.</param>
    /// <param name="Kind">Where its kind comes; below zero: it decides nothing.</param>
    /// <param name="Path">The one path that it is for.</param>
    /// <param name="HasMatcher">It is not for every request.</param>
    private sealed record Entry(CaddyDirective Directive, int Kind, string? Path, bool HasMatcher);
}
