using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>Reads an nginx configuration: one server that passes requests on, by whatever maps, locations and conditions.</summary>
internal static class NginxReader
{
    /// <exception cref="ImportException">It is none, or something in it may decide where a base goes and is not understood.</exception>
    public static ReadConfiguration Read(string text, string folder)
    {
        var top = new NginxFile(folder).Read(text);
        var remarks = new List<string>();
        // What stands in http may also be all of the file: a file of conf.d.
        var http = top.Where(d => d.Name != "http" && d.Name != "events").Concat(top.Where(d => d.Name == "http").SelectMany(d => d.Inside)).ToArray();
        NginxVocabulary.Check(http, remarks);
        NginxVocabulary.Check(top.Where(d => d.Name == "events").SelectMany(d => d.Inside), remarks);
        var server = Proxying(http, remarks);
        NginxVocabulary.Check(server.Inside, remarks);
        foreach (var page in http.Where(d => d.Name != "server").Concat(server.Inside).Concat(server.Inside.SelectMany(d => d.Inside)).Where(d => d.Name == "error_page"))
            CheckErrorPage(page, server, remarks);

        var upstreams = new NginxUpstreams(http, remarks);
        var maps = new NginxMaps(http);
        maps.CheckGroups(http);
        var decision = new NginxLocations(maps, upstreams, remarks).Server(server);
        return new ReadConfiguration
        {
            Product = "nginx",
            Decision = decision,
            Servers = upstreams.Used,
            Settings = NginxSettings.Of(http, server, remarks),
            Remarks = remarks,
        };
    }

    /// <summary>The one server that passes requests on.</summary>
    private static NginxDirective Proxying(IReadOnlyList<NginxDirective> http, List<string> remarks)
    {
        var servers = http.Where(d => d is { Name: "server", Block: not null }).ToArray();
        var passing = servers.Where(PassesOn).ToArray();
        if (passing is not [var one])
        {
            throw new ImportException(passing.Length == 0
                ? "no server passes requests on: there is nothing to take over"
                : $"several servers pass requests on ({string.Join(", ", passing.Select(s => s.Place))}); leave the one that dtable-server's bases go through");
        }
        foreach (var other in servers.Where(s => s != one))
            remarks.Add($"{other.Place}: a server that passes nothing on is left out{Listening(other)}.");
        return one;
    }

    /// <summary>A page that comes from a file may stay behind. Anything else may be a second server for a request that the first could not take.</summary>
    private static void CheckErrorPage(NginxDirective page, NginxDirective server, List<string> remarks)
    {
        var target = page.Parameters.Count > 1 ? page.Parameters[^1] : "";
        var isFile = server.Inside.Any(d => d is { Name: "location", Parameters: ["=", var text] } && text == target && !PassesOn(d));
        if (!isFile)
            throw page.Refuse("is not taken over: it may send a request on elsewhere");
        remarks.Add($"{page.Place}: '{page}' is left out: errors of the proxy are JSON.");
    }

    private static bool PassesOn(NginxDirective block) => block.Inside.Any(d => d.Name.EndsWith("_pass", StringComparison.Ordinal) || PassesOn(d));

    private static string Listening(NginxDirective server) =>
        string.Concat(server.Inside.Where(d => d.Name == "listen").Select(d => $" ({d})"));
}
