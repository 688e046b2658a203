using BucketProxy.Structure.Tests.Graphs;
using BucketProxy.Structure.Tests.Reading;

namespace BucketProxy.Structure.Tests;

/// <summary>The forwarder's folders stand in an order: each uses only what its line here names.</summary>
public sealed class ForwarderTests
{
    private const string Project = "BucketProxy.Forwarder";

    private static readonly Dictionary<string, string[]> Uses = new()
    {
        ["Logging"] = [],
        ["Loops"] = [],
        ["Transforms"] = [],
        ["Transport"] = ["Logging", "Loops"],
        ["Http1"] = ["Loops"],
        ["Destinations"] = ["Http1", "Loops"],
        ["Forwarding"] = ["Logging", "Transport", "Http1", "Destinations", "Transforms"],
    };

    public static TheoryData<string> Folders => [.. Uses.Keys];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_UsesOnlyWhatItsLineNames(string folder)
    {
        string[] allowed = [folder, .. Uses[folder]];

        var others = AllUses().Where(u => Top(u.From) == folder && !allowed.Contains(Top(u.To)));

        Assert.Empty(others);
    }

    // What stands in no folder are extension methods, in the namespaces of the frameworks that they extend.
    [Fact]
    public void EveryFolder_HasALine()
    {
        var folders = UsingLines.Files(Projects.Folder(Project)).Select(f => UsingLines.NamespaceOf(File.ReadAllText(f)))
            .Where(n => n.StartsWith(nameof(BucketProxy), StringComparison.Ordinal)).Select(Top).Distinct();

        Assert.Equal(Uses.Keys.Order(), folders.Order());
    }

    private static IEnumerable<Use> AllUses() =>
        FolderUses.Compiled(Projects.Load(Project).GetTypes()).Concat(FolderUses.Written(Projects.Folder(Project)));

    // The folder in the project; empty if in none.
    private static string Top(string name) => name.StartsWith(Project + ".", StringComparison.Ordinal) ? name.Split('.')[2] : "";
}
