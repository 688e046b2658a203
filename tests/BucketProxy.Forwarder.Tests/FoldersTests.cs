using System.Reflection;
using System.Runtime.CompilerServices;
using BucketProxy.Forwarder.Forwarding;

namespace BucketProxy.Forwarder.Tests;

/// <summary>The library's folders use each other in one direction: each only those that stand before it here.</summary>
public sealed class FoldersTests
{
    private static readonly (string Folder, string[] Uses)[] Folders =
    [
        ("Logging", []),
        ("Loops", []),
        ("Transport", ["Logging", "Loops"]),
        ("Http1", ["Loops"]),
        ("Destinations", ["Http1", "Loops"]),
        ("Transforms", []),
        ("Forwarding", ["Logging", "Transport", "Http1", "Destinations", "Transforms"]),
    ];

    public static TheoryData<string> Names => [.. Folders.Select(f => f.Folder)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Folder_UsesOnlyThoseBelowIt(string folder)
    {
        var allowed = Folders.Single(f => f.Folder == folder).Uses;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Source(), folder), "*.cs", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            foreach (var (other, _) in Folders)
            {
                if (other == folder || allowed.Contains(other))
                    continue;
                Assert.False(text.Contains($"BucketProxy.Forwarder.{other}", StringComparison.Ordinal), $"{Path.GetFileName(file)} uses {other}.");
            }
        }
    }

    [Fact]
    public void EveryType_IsInAFolderOfTheList()
    {
        var known = Folders.Select(f => "BucketProxy.Forwarder." + f.Folder).ToHashSet();
        var others = typeof(DirectForwarder).Assembly.GetTypes()
            .Where(t => t.Namespace?.StartsWith("BucketProxy", StringComparison.Ordinal) is true && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .Where(t => !known.Contains(t.Namespace!));
        Assert.Empty(others);
    }

    private static string Source([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../src/BucketProxy.Forwarder"));
}
