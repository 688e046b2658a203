using System.Globalization;
using System.Text;

namespace BucketProxy.Structure.Tests.Graphs;

/// <summary>
/// Finds folders that use each other. A folder with all that is in it is one side, and the types that stand in a folder itself are another
/// side than the folders in it: a use counts where the ways of its two ends part.
/// </summary>
internal static class Circles
{
    /// <summary>
    /// The circles, each with types that use types for every step. Where circles share a step only the shortest is told: the others may
    /// be gone with it.
    /// </summary>
    public static IReadOnlyList<string> In(IEnumerable<Use> uses) =>
        [.. uses.Where(u => u.From != u.To).GroupBy(u => Common(u.From, u.To)).OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => InFolder(g.Key, g))];

    private static IEnumerable<string> InFolder(string folder, IEnumerable<Use> uses)
    {
        var edges = uses.ToLookup(u => (From: Side(folder, u.From), To: Side(folder, u.To)));
        var next = edges.Select(e => e.Key).ToLookup(k => k.From, k => k.To);
        var told = new HashSet<(string, string)>();
        return edges.Select(e => e.Key).OrderBy(k => k.From, StringComparer.Ordinal).ThenBy(k => k.To, StringComparer.Ordinal)
            .Select(k => Way(next, k.To, k.From) is { } back ? (IReadOnlyList<string>)[k.From, .. back] : null)
            .OfType<IReadOnlyList<string>>()
            .OrderBy(c => c.Count)
            .Where(c => !Steps(c).Any(told.Contains))
            .Select(circle =>
            {
                told.UnionWith(Steps(circle));
                return Describe(folder, circle, edges);
            });
    }

    // Breadth first, so the way is a shortest one.
    private static List<string>? Way(ILookup<string, string> next, string from, string to)
    {
        var before = new Dictionary<string, string?> { [from] = null };
        var open = new Queue<string>([from]);
        while (open.TryDequeue(out var at))
        {
            if (at == to)
            {
                var way = new List<string>();
                for (var step = at; step is not null; step = before[step])
                    way.Insert(0, step);
                return way;
            }
            foreach (var step in next[at].Where(s => before.TryAdd(s, at)))
                open.Enqueue(step);
        }
        return null;
    }

    private static string Describe(string folder, IReadOnlyList<string> circle, ILookup<(string From, string To), Use> edges)
    {
        var text = new StringBuilder().AppendJoin(" -> ", circle.Select(c => c == folder ? $"{c} (its own files)" : c));
        foreach (var (from, to) in Steps(circle))
        {
            var uses = edges[(from, to)].Distinct().OrderBy(u => u.ToString(), StringComparer.Ordinal).ToArray();
            foreach (var use in uses.Take(3))
                text.AppendLine().Append("    ").Append(use);
            if (uses.Length > 3)
                text.Append(CultureInfo.InvariantCulture, $" (and {uses.Length - 3} more)");
        }
        return text.ToString();
    }

    private static IEnumerable<(string From, string To)> Steps(IReadOnlyList<string> way) => way.Zip(way.Skip(1));

    private static string Side(string folder, string name)
    {
        if (name == folder)
            return name;
        var end = name.IndexOf('.', folder.Length == 0 ? 0 : folder.Length + 1);
        return end < 0 ? name : name[..end];
    }

    private static string Common(string one, string other)
    {
        var same = one.Split('.').Zip(other.Split('.')).TakeWhile(p => p.First == p.Second).Select(p => p.First);
        return string.Join('.', same);
    }
}
