using System.Globalization;

namespace BucketProxy.Commands.Import;

/// <summary>Writes owners of buckets as the fewest ranges: by first digits where whole digits go together, else by buckets.</summary>
internal static class BucketRanges
{
    public static IEnumerable<(string Range, string Node)> Of(IReadOnlyList<string> owners)
    {
        var byDigit = Enumerable.Range(0, 16).All(d => Enumerable.Range(0, 16).All(i => owners[d * 16 + i] == owners[d * 16]));
        var units = byDigit ? Enumerable.Range(0, 16).Select(d => owners[d * 16]).ToArray() : [.. owners];
        var format = byDigit ? "x1" : "x2";
        for (var from = 0; from < units.Length;)
        {
            var to = from;
            while (to + 1 < units.Length && units[to + 1] == units[from])
                to++;
            var (first, last) = (from.ToString(format, CultureInfo.InvariantCulture), to.ToString(format, CultureInfo.InvariantCulture));
            yield return (from == to ? first : $"{first}-{last}", units[from]);
            from = to + 1;
        }
    }
}
