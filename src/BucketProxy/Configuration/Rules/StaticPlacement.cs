using System.Collections.Immutable;
using System.Globalization;
using BucketProxy.Core.Bases;

namespace BucketProxy.Configuration.Rules;

/// <summary>Owners of all 256 buckets as ranges say: the operator's own split, as an nginx map makes it.</summary>
internal static class StaticPlacement
{
    public const string Allowed = "a range of first hex digits ('0-9', 'a-f', '7') or of buckets ('00-7f', 'c3')";

    /// <summary>Reads <c>0-9</c>, <c>7</c>, <c>00-7f</c> or <c>c3</c>.</summary>
    public static bool TryParseRange(string text, out Bucket first, out Bucket last)
    {
        (first, last) = (default, default);
        var parts = text.Split('-', StringSplitOptions.TrimEntries);
        if (parts.Length > 2 || parts[0].Length != parts[^1].Length)
            return false;
        // One digit stands for its sixteen buckets: 'a' is a0 to af.
        (string from, string to) = parts[0].Length == 1 ? (parts[0] + "0", parts[^1] + "f") : (parts[0], parts[^1]);
        return Bucket.TryParse(from, out first) && Bucket.TryParse(to, out last) && first <= last;
    }

    /// <summary>The owner of each bucket, or null with what is wrong: a bad range, a gap, an overlap.</summary>
    /// <param name="ranges">Range to node id.</param>
    /// <param name="report">Called with the range (null: the whole) and the problem.</param>
    public static ImmutableArray<string>? Expand(
        IReadOnlyDictionary<string, string> ranges, Action<string?, string> report)
    {
        var owners = new string?[Bucket.Count];
        var takenBy = new (string Range, int Last)?[Bucket.Count];
        var good = true;
        foreach (var (range, node) in ranges)
        {
            if (!TryParseRange(range, out var first, out var last))
            {
                report(range, $"is not allowed; allowed: {Allowed}, the lower end first.");
                good = false;
                continue;
            }
            string? reported = null;
            for (int i = first.Index; i <= last.Index; i++)
            {
                if (takenBy[i] is var (other, otherLast) && other != reported)
                {
                    reported = other;
                    good = false;
                    report(range, $"overlaps '{other}' in {Name((i, Math.Min(last.Index, otherLast)))}; every bucket must be covered exactly once.");
                }
                takenBy[i] ??= (range, last.Index);
                owners[i] ??= node;
            }
        }
        // With a range that cannot be read, the gaps are its doing.
        if (good && Runs(owners.Select(o => o is null)) is { Length: > 0 } gaps)
        {
            report(null, $"leaves {string.Join(", ", gaps.Select(Name))} without a server; every bucket must be covered exactly once.");
            good = false;
        }
        return good ? [.. owners.OfType<string>()] : null;
    }

    private static ImmutableArray<(int First, int Last)> Runs(IEnumerable<bool> marks)
    {
        var runs = ImmutableArray.CreateBuilder<(int First, int Last)>();
        foreach (var i in marks.Select((mark, i) => mark ? i : -1).Where(i => i >= 0))
        {
            if (runs.Count > 0 && runs[^1].Last == i - 1)
                runs[^1] = (runs[^1].First, i);
            else
                runs.Add((i, i));
        }
        return runs.ToImmutable();
    }

    private static string Name((int First, int Last) run) => run.First == run.Last
        ? string.Create(CultureInfo.InvariantCulture, $"bucket {run.First:x2}")
        : string.Create(CultureInfo.InvariantCulture, $"buckets {run.First:x2}-{run.Last:x2}");
}
