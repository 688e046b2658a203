using System.Globalization;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Report;

namespace BucketProxy.GateBench.Reporting;

/// <summary>Cells of figures.</summary>
internal static class Figures
{
    public const string NotMeasured = "not measured";

    /// <summary>The median, least and most in brackets.</summary>
    public static string Middle(IEnumerable<double> values, string format) =>
        Spread.Of(values) is { } spread ? Cells.Of(spread, format) : NotMeasured;

    /// <summary>The smallest that so many of a hundred do not exceed.</summary>
    public static double? Percentile(IReadOnlyCollection<double> values, double percent) =>
        values.Count == 0 ? null : values.Order().ElementAt(Math.Max(0, (int)Math.Ceiling(values.Count * percent / 100) - 1));

    public static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? NotMeasured;

    public static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether a figure keeps within its aim.</summary>
    public static string IsMet(double? value, double aim) => value is not { } v ? NotMeasured : v <= aim ? "yes" : "no";
}
