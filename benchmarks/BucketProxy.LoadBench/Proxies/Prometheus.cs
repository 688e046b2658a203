using System.Globalization;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>As much of Prometheus' text format as a sum needs.</summary>
internal static class Prometheus
{
    /// <summary>The sum of all series of that name; 0 where there is none.</summary>
    public static double Sum(string page, string name)
    {
        var sum = 0d;
        foreach (var line in page.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(name, StringComparison.Ordinal) || line.Length == name.Length || line[name.Length] is not ('{' or ' '))
                continue;
            var rest = line[name.Length] == '{' ? line[(line.LastIndexOf('}') + 1)..] : line[name.Length..];
            rest = rest.TrimStart(' ');
            var end = rest.IndexOf(' ');
            sum += double.Parse(end < 0 ? rest : rest[..end], CultureInfo.InvariantCulture);
        }
        return sum;
    }
}
