using System.Diagnostics;
using System.Text.Json;
using BucketProxy.Tests;

namespace BucketProxy.Structure.Tests.Packages;

/// <summary>The program's bill of materials, made by the CycloneDX tool that <c>.config/dotnet-tools.json</c> names.</summary>
internal static class BillOfMaterials
{
    /// <summary>The packages that come with the program, by name.</summary>
    public static async Task<IReadOnlyList<Package>> ReadAsync()
    {
        await RunAsync("tool", "restore");
        await RunAsync("dotnet-CycloneDX", "src/BucketProxy/BucketProxy.csproj", "--disable-package-restore", "--output-format", "Json",
            "--output", Repository.File("artifacts"), "--filename", "bom.json");
        await using var file = File.OpenRead(Repository.File("artifacts", "bom.json"));
        using var bom = await JsonDocument.ParseAsync(file);
        return Read(bom.RootElement);
    }

    private static List<Package> Read(JsonElement bom)
    {
        // The first entry is the program itself, which is said to need every package.
        var needs = bom.GetProperty("dependencies").EnumerateArray().Where(d => IsPackage(Text(d, "ref")!))
            .SelectMany(d => d.GetProperty("dependsOn").EnumerateArray().Select(on => (By: NameOf(Text(d, "ref")!), On: NameOf(on.GetString()!))))
            .ToLookup(n => n.On, n => n.By);
        return [.. bom.GetProperty("components").EnumerateArray()
            // Left out: what serves the build alone, such as analyzers.
            .Where(c => Text(c, "scope") != "excluded")
            .Select(c => new Package(Text(c, "name")!, Text(c, "version")!, Licence(c), [.. needs[Text(c, "name")!].Order(StringComparer.Ordinal)]))
            .OrderBy(p => p.Name, StringComparer.Ordinal)];
    }

    private static string Licence(JsonElement component) => component.TryGetProperty("licenses", out var licences)
        ? string.Join(", ", licences.EnumerateArray().Select(l => Text(l, "expression") ?? Named(l.GetProperty("license"))))
        : "";

    private static string Named(JsonElement licence) => Text(licence, "id") ?? Text(licence, "url") ?? Text(licence, "name") ?? "";

    private static bool IsPackage(string reference) => reference.StartsWith("pkg:nuget/", StringComparison.Ordinal);

    private static string NameOf(string reference) => reference["pkg:nuget/".Length..reference.LastIndexOf('@')];

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{await output}{await errors}");
    }
}
