using System.Globalization;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Report;

/// <summary>How often a row was measured again, because others took too much of the machine.</summary>
internal static class Repeats
{
    /// <summary>As a cell; empty where nothing was.</summary>
    public static string Of(IReadOnlyList<Series> series)
    {
        var samples = series.SelectMany(s => s.Samples).ToArray();
        var (repeats, disturbed) = (samples.Sum(s => s.Repeats), samples.Count(s => s.IsDisturbed));
        return repeats == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $"{repeats} for {samples.Length} runs{(disturbed > 0 ? $"; {disturbed} disturbed" : "")}");
    }
}
