using System.Reflection;
using BucketProxy.Tests;

namespace BucketProxy.Structure.Tests;

/// <summary>The projects under <c>src/</c>, as they were compiled.</summary>
internal static class Projects
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Directory.EnumerateDirectories(Repository.File("src")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    /// <summary>A project's folder.</summary>
    public static string Folder(string project) => Repository.File("src", project);

    /// <summary>A project's assembly; the program's is named as its command.</summary>
    public static Assembly Load(string project) => Assembly.Load(project == "BucketProxy" ? "bucketproxy" : project);
}
