using System.Globalization;

namespace BucketProxy.Import.Splits;

/// <summary>Where in a configuration something stands.</summary>
/// <param name="File">The file that another one includes; null: the one that is read.</param>
/// <param name="Line">From 1.</param>
public readonly record struct Place(string? File, int Line)
{
    /// <summary>For people: <c>line 7</c>, or <c>maps.conf line 7</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(File is null ? "" : File + " ")}line {Line}");
}
