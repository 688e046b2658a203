using BucketProxy.Tests;

namespace BucketProxy.Structure.Tests.Packages;

/// <summary>The table of <c>docs/security.md</c>. Everything in it comes from the bill of materials, but what a package is for: people write that.</summary>
internal sealed class PackageTable
{
    private const string ComesWith = "comes with ";
    private const string Head = "| package | version | licence | for |\n|---|---|---|---|\n";
    private readonly string _before;
    private readonly string _after;

    private PackageTable(string page)
    {
        var start = page.IndexOf(Head, StringComparison.Ordinal);
        Assert.True(start >= 0, $"{File} has no table that begins with: {Head}");
        var end = page.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
        Assert.True(end > 0, $"The table of packages in {File} has no empty line after it.");
        (_before, Text, _after) = (page[..start], page[start..end], page[end..]);
        Uses = Text[Head.Length..].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(row => row.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1], cells => cells[4]);
    }

    /// <summary>Where it stands.</summary>
    public static string File { get; } = Repository.File("docs", "security.md");

    /// <summary>The table as it stands.</summary>
    public string Text { get; }

    /// <summary>What each package is for.</summary>
    public IReadOnlyDictionary<string, string> Uses { get; }

    /// <summary>Reads the page.</summary>
    public static PackageTable Read() => new(System.IO.File.ReadAllText(File));

    /// <summary>How the table should stand.</summary>
    public string For(IEnumerable<Package> packages) => Head + string.Concat(packages.Select(p => $"| {p.Name} | {p.Version} | {p.Licence} | {Use(p)} |\n"));

    /// <summary>Writes the page with another table.</summary>
    public void Renew(string table) => System.IO.File.WriteAllText(File, _before + table + _after);

    // What came with another package and is now used by ours has to be said anew.
    private string Use(Package package)
    {
        var said = Uses.GetValueOrDefault(package.Name, "");
        var comesWith = $"{ComesWith}{string.Join(", ", package.BroughtBy)}";
        return package.BroughtBy.Count > 0 && !IsOurs(package) ? comesWith : said.StartsWith(ComesWith, StringComparison.Ordinal) ? "" : said;
    }

    private static bool IsOurs(Package package) => Projects.All.Any(p => System.IO.File.ReadAllText(Path.Combine(Projects.Folder(p), p + ".csproj"))
        .Contains($"<PackageReference Include=\"{package.Name}\"", StringComparison.OrdinalIgnoreCase));
}
