using BucketProxy.Structure.Tests.Graphs;
using BucketProxy.Structure.Tests.Reading;

namespace BucketProxy.Structure.Tests;

/// <summary>Within a project, folders use each other in one direction; and a folder's name is its namespace.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> AllProjects => [.. Projects.All];

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void Folders_OfAProject_UseEachOtherInOneDirection(string project)
    {
        var circles = Circles.In(FolderUses.Compiled(Projects.Load(project).GetTypes()).Concat(FolderUses.Written(Projects.Folder(project))));

        Assert.True(circles.Count == 0, $"{project}: folders that use each other.\n{string.Join('\n', circles)}");
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void Namespaces_OfAProjectsFiles_AreTheirFolders(string project)
    {
        var folder = Projects.Folder(project);

        var elsewhere = from file in UsingLines.Files(folder)
                        let path = Path.GetRelativePath(folder, Path.GetDirectoryName(file)!)
                        let wanted = path == "." ? project : $"{project}.{path.Replace(Path.DirectorySeparatorChar, '.')}"
                        let said = UsingLines.NamespaceOf(File.ReadAllText(file))
                        // Use… and Add… methods stand in the namespaces of the frameworks that they extend.
                        where said.Length > 0 && said != wanted && !said.StartsWith("Microsoft.", StringComparison.Ordinal)
                        select $"{Path.GetRelativePath(folder, file)} is in {said}";

        Assert.Empty(elsewhere);
    }
}
