namespace BucketProxy.Tests;

/// <summary>Files of the repository that tests are about.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find(string folder) => System.IO.File.Exists(Path.Combine(folder, "BucketProxy.sln"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No BucketProxy.sln above the tests."));
}
