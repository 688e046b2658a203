using System.Diagnostics;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>A built BucketProxy: <c>bucketproxy.dll</c>, or a program that stands for it.</summary>
internal sealed record BucketProxyBuild(string File)
{
    private const string Library = ".dll";
    private const int CommitDigits = 7;

    /// <summary>What the image and the units set for the runtime.</summary>
    public static readonly IReadOnlyDictionary<string, string> Environment = new Dictionary<string, string> { ["DOTNET_GCgen0size"] = "0x1000000" };

    /// <summary>How it is started with these arguments.</summary>
    public (string Program, string[] Arguments) With(params IEnumerable<string> arguments) =>
        File.EndsWith(Library, StringComparison.Ordinal) ? ("dotnet", [File, .. arguments]) : (File, [.. arguments]);

    /// <summary>Version and commit, as the build wrote them into the library.</summary>
    public string Version()
    {
        var library = File.EndsWith(Library, StringComparison.Ordinal) ? File : File + Library;
        var version = System.IO.File.Exists(library) ? FileVersionInfo.GetVersionInfo(library).ProductVersion : null;
        if (version is null)
            return "unknown version";
        var commit = version.IndexOf('+', StringComparison.Ordinal) + 1;
        return commit > 0 && version.Length > commit + CommitDigits ? version[..(commit + CommitDigits)] : version;
    }
}
