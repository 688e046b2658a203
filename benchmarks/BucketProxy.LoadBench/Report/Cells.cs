using System.Globalization;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Report;

/// <summary>The cell of a table: the median, least and most in brackets where they differ.</summary>
internal static class Cells
{
    public static string Of(Spread? value, string format) =>
        value is not { } v ? "" : v.Least == v.Most ? Text(v.Median, format)
            : $"{Text(v.Median, format)} ({Text(v.Least, format)}–{Text(v.Most, format)})";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
