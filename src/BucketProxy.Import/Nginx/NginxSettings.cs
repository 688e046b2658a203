using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>What of a server one of our settings stands for: the value in the location that proxies, else in the server, else in <c>http</c>.</summary>
internal static class NginxSettings
{
    public static ImportedSettings Of(IReadOnlyList<NginxDirective> http, NginxDirective server, List<string> remarks)
    {
        var proxying = server.Inside.Where(d => d.Name == "location" && d.Inside.Any(i => i.Name == "proxy_pass")).ToArray();
        if (proxying.Length > 0 && !proxying.Concat([server]).SelectMany(d => d.Inside).Concat(http).Any(d => d.Name == "client_max_body_size"))
            remarks.Add("nginx takes request bodies up to 1m where client_max_body_size says nothing. Here up to data.maxBodySize, 100MB.");
        var (certificate, key) = IsTls(server) ? (File("ssl_certificate"), File("ssl_certificate_key")) : (null, null);
        return new ImportedSettings
        {
            Listen = Listen(server, remarks),
            CertificateFile = certificate,
            KeyFile = key,
            // 0 is nginx's word for no limit, as it is ours.
            MaxBodySize = Largest("client_max_body_size", text => NginxValues.Size(text), values => values.Contains(0) ? 0 : values.Max()),
            IdleTimeout = Largest("proxy_read_timeout", text => NginxValues.Time(text), values => values.Max()),
            ConnectTimeout = Largest("proxy_connect_timeout", text => NginxValues.Time(text), values => values.Max()),
        };

        string File(string name) => Nearest(server, name) is { Parameters: [var file] } at && !file.Contains('$', StringComparison.Ordinal)
            ? Path.IsPathRooted(file) || file.StartsWith("data:", StringComparison.Ordinal) ? file : throw at.Refuse("names a file that starts from a folder of nginx's; name it from the root")
            : throw new ImportException(server.Place, $"the server listens with TLS and has no {name}");

        NginxDirective? Nearest(NginxDirective from, string name) =>
            new[] { from.Inside, server.Inside, http }.Select(level => level.LastOrDefault(d => d.Name == name)).FirstOrDefault(d => d is not null);

        T? Largest<T>(string name, Func<string, T?> read, Func<IReadOnlyCollection<T>, T> choose)
            where T : struct
        {
            var found = proxying.Select(l => Nearest(l, name)).OfType<NginxDirective>().Distinct().ToArray();
            if (found.Length == 0)
                return null;
            var values = found.Select(d => d.Parameters is [var text] && read(text) is { } value ? value : throw d.Refuse("is not understood")).ToArray();
            if (values.Distinct().Count() > 1)
                remarks.Add($"{found[0].Place}: locations differ in {name}; the largest is taken for all.");
            return choose(values);
        }
    }

    public static bool IsTls(NginxDirective server) => server.Inside.Any(d => d.Name == "listen" && d.Parameters.Skip(1).Contains("ssl"));

    private static string Listen(NginxDirective server, List<string> remarks)
    {
        var addresses = new List<(string Address, NginxDirective At)>();
        foreach (var listen in server.Inside.Where(d => d.Name == "listen"))
        {
            if (listen.Parameters is not [var where, ..] || where.StartsWith("unix:", StringComparison.Ordinal))
                throw listen.Refuse("is no address of a network");
            addresses.Add((Address(where), listen));
        }
        if (addresses.Count == 0)
            return "*:80";
        // Every address includes any other of its port.
        var chosen = addresses.FirstOrDefault(a => a.Address.StartsWith("*:", StringComparison.Ordinal), addresses[0]).Address;
        foreach (var (address, at) in addresses)
        {
            if (address != chosen && !(chosen.StartsWith("*:", StringComparison.Ordinal) && address.EndsWith(chosen[1..], StringComparison.Ordinal)))
                remarks.Add($"{at.Place}: '{at}' is left out: one address is listened to, {chosen}.");
        }
        return chosen;
    }

    private static string Address(string listen)
    {
        if (listen.All(char.IsAsciiDigit))
            return $"*:{listen}";
        if (listen.StartsWith("[::]:", StringComparison.Ordinal))
            return $"*:{listen[5..]}";
        var hasPort = listen.LastIndexOf(':') > listen.LastIndexOf(']');
        var address = hasPort ? listen : $"{listen}:80";
        return address.StartsWith("0.0.0.0:", StringComparison.Ordinal) ? $"*:{address[8..]}" : address;
    }
}
