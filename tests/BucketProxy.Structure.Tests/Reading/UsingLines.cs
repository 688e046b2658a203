using System.Text.RegularExpressions;

namespace BucketProxy.Structure.Tests.Reading;

/// <summary>
/// The <c>using</c> lines of a project's files. They show what an assembly does not: uses of constants, of an enum's values and by <c>nameof</c>.
/// The build refuses a line that is of no use (IDE0005), so each is a use. One that is written out in full, or that is of a constant of the
/// folder above and so needs no line, is seen by nobody.
/// </summary>
internal static partial class UsingLines
{
    /// <summary>Each line: the namespace of the file, the file, and the namespace or type that it names.</summary>
    public static IEnumerable<(string Namespace, string File, string Used)> Of(string project) =>
        from file in Files(project)
        let text = File.ReadAllText(file)
        let own = NamespaceOf(text)
        from Match line in Line().Matches(text)
        select (own, Path.GetFileName(file), line.Groups[1].Value);

    /// <summary>A project's own files.</summary>
    public static IEnumerable<string> Files(string project) => Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
        .Where(f => Path.GetRelativePath(project, f).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj")).Order(StringComparer.Ordinal);

    /// <summary>The namespace of a file's types; empty if it says none.</summary>
    public static string NamespaceOf(string text) => Namespace().Match(text).Groups[1].Value;

    [GeneratedRegex(@"^using +(?:static +)?(?:\w+ *= *)?([\w.]+)(?:<.*>)?;", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"^namespace +([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
