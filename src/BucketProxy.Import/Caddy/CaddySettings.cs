using System.Globalization;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>What of a site one of our settings stands for.</summary>
internal static class CaddySettings
{
    public static ImportedSettings Of(IReadOnlyList<CaddyDirective> options, CaddyDirective site, List<string> remarks)
    {
        var (address, isTls) = Address(site, remarks);
        var bind = All(site).FirstOrDefault(d => d.Name == "bind");
        if (bind is not null)
            address = (bind.Arguments.ToArray() is [var host] ? host : throw bind.Refuse("is not understood: one address is listened to")) + address[address.LastIndexOf(':')..];
        string? certificate = null, key = null;
        if (isTls && !options.Any(d => d.Name == "auto_https" && d.Arguments.Contains("off")))
        {
            if (All(site).FirstOrDefault(d => d.Name == "tls") is not { } tls || tls.Arguments.ToArray() is not [var certificateFile, var keyFile])
                throw site.Refuse("is served with a certificate that Caddy gets by itself. Here it comes from files: name them with 'tls CERTIFICATE KEY'");
            if (!Path.IsPathRooted(certificateFile) || !Path.IsPathRooted(keyFile))
                throw tls.Refuse("names a file that starts from a folder of Caddy's; name it from the root");
            (certificate, key) = (certificateFile, keyFile);
        }
        return new ImportedSettings { Listen = address, CertificateFile = certificate, KeyFile = key, MaxBodySize = BodySize(site, remarks) };
    }

    private static IEnumerable<CaddyDirective> All(CaddyDirective directive) => directive.Inside.SelectMany(All).Prepend(directive);

    /// <summary>Caddy has no limit of its own.</summary>
    private static long BodySize(CaddyDirective site, List<string> remarks)
    {
        var limits = All(site).Where(d => d.Name == "request_body").ToArray();
        if (limits.Length == 0)
            return 0;
        foreach (var limited in limits.Where(l => l.Matcher is not null and not "*"))
            remarks.Add($"{limited.Place}: '{limited}' is for some requests only; here the largest such limit is for all.");
        return limits.Max(limit =>
        {
            if (limit.Inside.FirstOrDefault(d => d.Name is not ("max_size" or "read_timeout" or "write_timeout")) is { } other)
                throw other.Refuse("is not known here, and may decide where a base goes");
            var sizes = limit.Inside.Where(d => d.Name == "max_size").ToArray();
            return sizes is [var size] && size.Arguments.ToArray() is [var text] && CaddyValues.Size(text) is { } bytes ? bytes : throw limit.Refuse("is not understood");
        });
    }

    private static (string Address, bool IsTls) Address(CaddyDirective site, List<string> remarks)
    {
        var addresses = site.Words.Select(w => Address(w.Text, site)).ToArray();
        foreach (var other in addresses.Skip(1).Where(a => a.Address != addresses[0].Address))
            remarks.Add($"{site.Place}: {other.Address} is left out: one address is listened to, {addresses[0].Address}.");
        return addresses[0];
    }

    /// <summary>A host in front only says for which names the site is; Caddy listens to every address all the same.</summary>
    private static (string Address, bool IsTls) Address(string text, CaddyDirective site)
    {
        var scheme = text.StartsWith("http://", StringComparison.Ordinal) ? "http" : text.StartsWith("https://", StringComparison.Ordinal) ? "https" : "";
        var rest = text[(scheme.Length == 0 ? 0 : scheme.Length + 3)..];
        var colon = rest.LastIndexOf(':') > rest.LastIndexOf(']') ? rest.LastIndexOf(':') : rest.Length;
        var host = rest[..colon];
        var port = 0;
        if (rest.Length == 0 || rest.Contains('/', StringComparison.Ordinal)
            || (colon < rest.Length && !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)))
        {
            throw site.Refuse("is no address of a site that is understood");
        }
        var isTls = scheme == "https" || (scheme.Length == 0 && (port == 443 || (host.Length > 0 && port != 80)));
        if (port == 0)
            port = isTls ? 443 : 80;
        return (string.Create(CultureInfo.InvariantCulture, $"*:{port}"), isTls);
    }
}
