using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace BucketProxy.Dashboard;

/// <summary>
/// The page at <c>/</c> of the operators' port: the files of the folder <c>Page</c>, as they are, out of the assembly. Browsers ask for
/// them anew each time and get 304 while they are the same, so that after an update nobody sees a page of two versions.
/// </summary>
internal static class DashboardFiles
{
    private const string Prefix = "Page/";
    private const string Index = "index.html";

    /// <summary>Every file, by its path: index.html, css/grid.css, …</summary>
    public static IReadOnlyDictionary<string, DashboardFile> All { get; } = Read();

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, file) in All)
            Map(routes, path, file);
        Map(routes, "", All[Index]);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, DashboardFile file) =>
        routes.MapMethods("/" + path, [HttpMethods.Get, HttpMethods.Head], http =>
        {
            // Shared caches too must ask whether it is still the same.
            http.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(file.Content, file.ContentType, entityTag: file.Tag).ExecuteAsync(http);
        }).ExcludeFromDescription();

    private static Dictionary<string, DashboardFile> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(n => n[Prefix.Length..].Replace('\\', '/'), n => Read(assembly, n), StringComparer.Ordinal);
    }

    private static DashboardFile Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");
        return new DashboardFile(content, TypeOf(name), tag);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"No content type is known for '{other}' ({name})."),
    };
}

/// <summary>One file of the page.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Tag">Names this content.</param>
internal sealed record DashboardFile(byte[] Content, string ContentType, EntityTagHeaderValue Tag);
