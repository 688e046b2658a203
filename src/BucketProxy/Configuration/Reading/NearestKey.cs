using BucketProxy.Configuration.Schema;

namespace BucketProxy.Configuration.Reading;

/// <summary>Finds the setting that was probably meant.</summary>
internal static class NearestKey
{
    /// <summary>The path of the setting most like <paramref name="name"/>: among its neighbours first, then the same name
    /// anywhere; null when nothing is like it.</summary>
    public static string? Find(SectionNode section, string sectionPath, string name)
    {
        var best = section.Children
            .Select(c => (c.Name, Distance: Distance(Bare(c.Name), Bare(name))))
            .OrderBy(c => c.Distance).ThenBy(c => c.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best.Name is not null && best.Distance <= Math.Max(1, name.Length / 3))
            return sectionPath.Length == 0 ? best.Name : $"{sectionPath}.{best.Name}";
        return Paths(SettingsSchema.Root, "")
            .FirstOrDefault(p => Bare(p.Node.Name) == Bare(name) || Bare(p.Path) == Bare(name)).Path;
    }

    private static IEnumerable<(string Path, SchemaNode Node)> Paths(SectionNode section, string prefix)
    {
        foreach (var child in section.Children)
        {
            var path = prefix + child.Name;
            yield return (path, child);
            var inner = child switch
            {
                SectionNode s => Paths(s, path + "."),
                ListNode { Item: SectionNode s } => Paths(s, path + "[]."),
                _ => [],
            };
            foreach (var found in inner)
                yield return found;
        }
    }

    private static string Bare(string name) => new([.. name.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    /// <summary>Inserted, deleted, changed and swapped neighbours (optimal string alignment).</summary>
    internal static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var same = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
