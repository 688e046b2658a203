using BucketProxy.Core.Bases;
using BucketProxy.Import.Splits;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests.Support;

internal static class Imports
{
    public static ImportedSplit Of(string text) => SplitImport.Read(text, Path.GetTempPath());

    /// <summary>Why it is refused.</summary>
    public static string Refusal(string text) => Assert.Throws<ImportException>(() => Of(text)).Message;

    /// <summary>Where the result sends a base.</summary>
    public static string ServerOf(this ProvenSplit split, BaseId id) =>
        split.Pins.Where(p => p.Prefix.Covers(id)).OrderByDescending(p => p.Prefix.Digits).Select(p => p.Url).FirstOrDefault() ?? split.Owners[id.Bucket.Index];

    public static string ServerOf(this ProvenSplit split, string uuid) => split.ServerOf(BaseId.Parse(uuid));

    /// <summary>The manual's nginx configuration with something else in one place.</summary>
    public static string Nginx(string what, string instead)
    {
        Assert.Contains(what, Manuals.Nginx, StringComparison.Ordinal);
        return Manuals.Nginx.Replace(what, instead, StringComparison.Ordinal);
    }

    /// <summary>The manual's Caddyfile with something else in one place.</summary>
    public static string Caddy(string what, string instead)
    {
        Assert.Contains(what, Manuals.Caddy, StringComparison.Ordinal);
        return Manuals.Caddy.Replace(what, instead, StringComparison.Ordinal);
    }
}
