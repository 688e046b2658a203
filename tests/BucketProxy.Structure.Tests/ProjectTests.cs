using System.Xml.Linq;
using BucketProxy.Structure.Tests.Graphs;

namespace BucketProxy.Structure.Tests;

/// <summary>Which project may use which. The table is the law; <c>DESIGN.md</c> draws it.</summary>
public sealed class ProjectTests
{
    // A project, and what it may use of ours by name. Not what that uses in turn: the gateway stands over etcd, and may not speak to it.
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["BucketProxy"] = ["BucketProxy.Gateway", "BucketProxy.Monitor", "BucketProxy.Emulator", "BucketProxy.Import", "BucketProxy.Cluster", "BucketProxy.Core", "BucketProxy.Etcd", "BucketProxy.Supervision"],
        ["BucketProxy.Gateway"] = ["BucketProxy.Forwarder", "BucketProxy.Cluster", "BucketProxy.Core"],
        ["BucketProxy.Monitor"] = ["BucketProxy.Cluster", "BucketProxy.Core"],
        ["BucketProxy.Emulator"] = ["BucketProxy.Cluster", "BucketProxy.Core"],
        ["BucketProxy.Import"] = ["BucketProxy.Core"],
        ["BucketProxy.Cluster"] = ["BucketProxy.Core", "BucketProxy.Etcd"],
        ["BucketProxy.Core"] = [],
        ["BucketProxy.Etcd"] = [],
        ["BucketProxy.Forwarder"] = [],
        ["BucketProxy.Supervision"] = [],
    };

    public static TheoryData<string> AllProjects => [.. Projects.All];

    [Fact]
    public void Table_HasEveryProjectAndNoOther() => Assert.Equal(
        Projects.All.Order(StringComparer.Ordinal), MayUse.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Table_ByItself_GoesOneWay() =>
        Assert.Empty(Circles.In(MayUse.SelectMany(m => m.Value.Select(used => new Use(m.Key, m.Key, used, used)))));

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void Assemblies_OfAProject_UseWhatTheTableAllows(string project)
    {
        var used = Projects.Load(project).GetReferencedAssemblies().Select(a => a.Name!)
            .Where(name => name.StartsWith("BucketProxy", StringComparison.OrdinalIgnoreCase));

        Assert.Empty(used.Except(MayUse[project]));
    }

    // A constant leaves no reference in an assembly, so the project's own words count too.
    [Theory]
    [MemberData(nameof(AllProjects))]
    public void References_OfAProject_AreWhatTheTableAllows(string project)
    {
        var file = Path.Combine(Projects.Folder(project), project + ".csproj");
        var referenced = XDocument.Load(file).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));

        Assert.Empty(referenced.Except(MayUse[project]));
    }
}
