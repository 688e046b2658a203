using BucketProxy.Structure.Tests.Fixtures.Circle.Left;
using BucketProxy.Structure.Tests.Fixtures.OneWay.Upper;
using BucketProxy.Structure.Tests.Fixtures.Uses;
using BucketProxy.Structure.Tests.Fixtures.Uses.Used;
using BucketProxy.Structure.Tests.Graphs;
using BucketProxy.Structure.Tests.Reading;

namespace BucketProxy.Structure.Tests;

/// <summary>The tests of folders are as good as what they look with.</summary>
public sealed class FinderTests : IDisposable
{
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("bucketproxy-structure-");

    public static TheoryData<Type> Users => [.. TypesUnder(typeof(InBase).Namespace!)
        .Where(t => !t.IsNested && t.Name.StartsWith("In", StringComparison.Ordinal))];

    public void Dispose() => _project.Delete(recursive: true);

    [Fact]
    public void In_FoldersThatUseEachOther_NamesBothAndTheirTypes()
    {
        var circle = Assert.Single(Circles.In(FolderUses.Compiled(TypesUnder(Above(typeof(Egg))))));

        var folder = Above(typeof(Egg));
        Assert.Equal(
            [
                $"{folder}.Left -> {folder}.Right -> {folder}.Left",
                $"    {folder}.Left: Egg uses Hen",
                $"    {folder}.Right: Hen uses Egg",
            ], circle.ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public void In_FoldersThatGoOneWay_FindsNothing()
    {
        var uses = FolderUses.Compiled(TypesUnder(Above(typeof(Roof)))).ToArray();

        Assert.Contains(uses, u => u.ToString().EndsWith("Upper: Roof uses Wall", StringComparison.Ordinal));
        Assert.Empty(Circles.In(uses));
    }

    [Theory]
    [InlineData("A.B>A.C A.C>A.D", 0)]
    [InlineData("A.B>A.C A.C>A.B", 1)]
    [InlineData("A.B>A.C A.C>A.D A.D>A.B", 1)]
    [InlineData("A.B>A.C A.C>A.B A.D>A.E A.E>A.D", 2)]
    // A folder with all that is in it is one side.
    [InlineData("A.B.X>A.C.Y A.C.Z>A.B.W", 1)]
    [InlineData("A.B.X>A.B.Y A.B.Y>A.C A.C.Z>A.D", 0)]
    // What stands in a folder itself is another side than the folders in it.
    [InlineData("A>A.B", 0)]
    [InlineData("A.B>A", 0)]
    [InlineData("A>A.B A.B>A", 1)]
    [InlineData("A>A.B A.C.X>A A.B>A.C", 1)]
    [InlineData("A.B>A.B.C A.B.C.D>A.B", 1)]
    // Names that begin alike are not of one folder.
    [InlineData("A.B>A.BC A.BC.D>A.C", 0)]
    [InlineData("A.B>A.B", 0)]
    public void In_Uses_FindsAsManyCirclesAsThereAre(string uses, int expected)
    {
        var found = Circles.In(uses.Split(' ').Select(u => u.Split('>')).Select(u => new Use(u[0], "One", u[1], "Other")));

        Assert.Equal(expected, found.Count);
    }

    [Theory]
    [MemberData(nameof(Users))]
    public void Compiled_EveryWayToUseAType_IsSeen(Type user)
    {
        var uses = FolderUses.Compiled(TypesUnder(typeof(InBase).Namespace!));

        Assert.Contains(uses, u => u.By == user.Name.Split('`')[0] && u.To == typeof(UsedType).Namespace);
    }

    // Why the using lines are read as well: these uses are in no assembly.
    [Fact]
    public void Compiled_ConstantsAndNames_AreNotSeen() => Assert.DoesNotContain(
        FolderUses.Compiled(TypesUnder(typeof(InBase).Namespace!)), u => u.By == nameof(OnlyInConstants) && u.To == typeof(UsedType).Namespace);

    [Theory]
    [InlineData("using P.Right;", "Limits.Most", 1)]
    [InlineData("using static P.Right.Limits;", "Most", 1)]
    [InlineData("using L = P.Right.Limits;", "L.Most", 1)]
    [InlineData("", "7", 0)]
    public void Written_OneAddedUsingThatMakesACircle_IsFound(string line, string value, int expected)
    {
        Write("Left", line, $"public static class Sizes {{ public const int Wide = {value}; }}");
        Write("Right", "using P.Left;", "public static class Limits { public const int Most = 7; public static string Of() => nameof(Sizes); }");

        Assert.Equal(expected, Circles.In(FolderUses.Written(_project.FullName)).Count);
    }

    [Fact]
    public void Of_FilesThatABuildMade_AreLeftOut()
    {
        Write("obj", "using P.Left;", "");
        Write("Left", "using P.Left;", "");

        Assert.Equal(["P.Left"], UsingLines.Of(_project.FullName).Select(l => l.Namespace));
    }

    private void Write(string folder, string usings, string text)
    {
        _project.CreateSubdirectory(folder);
        File.WriteAllText(Path.Combine(_project.FullName, folder, "File.cs"), $"{usings}\n\nnamespace P.{folder};\n\n{text}\n");
    }

    private static string Above(Type type) => type.Namespace![..type.Namespace!.LastIndexOf('.')];

    private static Type[] TypesUnder(string name) => [.. typeof(FinderTests).Assembly.GetTypes()
        .Where(t => t.Namespace is { } own && (own == name || own.StartsWith(name + ".", StringComparison.Ordinal)))];
}
