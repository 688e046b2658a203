using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>Reads a Caddyfile: one site that passes requests on, by whatever matchers, routes and handles.</summary>
internal static class CaddyReader
{
    /// <exception cref="ImportException">It is none, or something in it may decide where a base goes and is not understood.</exception>
    public static ReadConfiguration Read(string text, string folder)
    {
        var blocks = new CaddyFile(folder).Read(text);
        var remarks = new List<string>();
        var options = blocks.Where(b => b.Name.Length == 0).SelectMany(b => b.Inside).ToArray();
        CaddyVocabulary.CheckOptions(options, remarks);
        var site = Proxying(blocks.Where(b => b.Name.Length > 0).ToArray(), remarks);
        var (decision, servers) = CaddySite.Read(site, remarks);
        return new ReadConfiguration
        {
            Product = "Caddy",
            Decision = decision,
            Servers = servers,
            Settings = CaddySettings.Of(options, site, remarks),
            Remarks = remarks,
        };
    }

    private static CaddyDirective Proxying(CaddyDirective[] sites, List<string> remarks)
    {
        var passing = sites.Where(PassesOn).ToArray();
        if (passing is not [var one])
        {
            throw new ImportException(passing.Length == 0
                ? "no site passes requests on: there is nothing to take over"
                : $"several sites pass requests on ({string.Join(", ", passing.Select(s => s.Place))}); leave the one that dtable-server's bases go through");
        }
        foreach (var other in sites.Where(s => s != one))
            remarks.Add($"{other.Place}: the site '{other}' passes nothing on, and is left out.");
        return one;
    }

    private static bool PassesOn(CaddyDirective directive) => directive.Name is "reverse_proxy" or "php_fastcgi" || directive.Inside.Any(PassesOn);
}
