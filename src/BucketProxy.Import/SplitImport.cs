using BucketProxy.Import.Caddy;
using BucketProxy.Import.Nginx;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import;

/// <summary>Takes the split of bases over servers out of another proxy's configuration, and proves it.</summary>
public static class SplitImport
{
    /// <summary>Reads a configuration of nginx or Caddy; which of them it is, its content tells.</summary>
    /// <param name="text">The configuration.</param>
    /// <param name="folder">What relative names of included files start from.</param>
    /// <exception cref="ImportException">
    /// It is neither; or it spreads a base over several servers; or something in it may decide where a base goes and is not understood. The message says where.
    /// </exception>
    public static ImportedSplit Read(string text, string folder)
    {
        ArgumentNullException.ThrowIfNull(text);
        var read = IsNginx(text) ? NginxReader.Read(text, folder) : CaddyReader.Read(text, folder);
        var proven = SplitProof.Of(read.Decision);
        var used = proven.Owners.Concat(proven.Pins.Select(p => p.Url)).ToHashSet(StringComparer.Ordinal);
        return new ImportedSplit
        {
            Product = read.Product,
            Servers = [.. read.Servers.Where(s => used.Contains(s.Url)).DistinctBy(s => s.Url)],
            Split = proven,
            Settings = read.Settings,
            Remarks = [.. read.Remarks.Distinct(), .. proven.Remarks],
        };
    }

    /// <summary>nginx ends its directives with semicolons, and Caddy ends its lines.</summary>
    private static bool IsNginx(string text)
    {
        var ends = text.Split('\n').Select(line => Code(line).TrimEnd()).Where(code => code.Length > 0).Select(code => code[^1]).ToArray();
        var (semicolons, others) = (ends.Count(c => c == ';'), ends.Count(c => c is not (';' or '{' or '}')));
        return semicolons > others || (semicolons == others && text.Contains(';', StringComparison.Ordinal));
    }

    /// <summary>A line without its comment, as far as that can be told without knowing whose it is.</summary>
    private static string Code(string line) => line.TrimStart().StartsWith('#') ? "" : line.IndexOf(" #", StringComparison.Ordinal) is > 0 and var at ? line[..at] : line;
}
