namespace BucketProxy.LoadBench.Processes;

/// <summary>Where a run keeps its files, and where the things are that it starts.</summary>
internal sealed class Workspace : IDisposable
{
    private int _folders;

    public Workspace(int firstPort)
    {
        Ports = new PortRange(firstPort);
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "BucketProxy.sln")))
            root = root.Parent ?? throw new InvalidOperationException("BucketProxy.sln is in no folder above this program.");
        Root = root.FullName;
        Folder = Directory.CreateTempSubdirectory("bucketproxy-bench-").FullName;
        // Worker processes that drop root must still get at what they serve.
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    /// <summary>The project's folder.</summary>
    public string Root { get; }

    public string Folder { get; }

    public PortRange Ports { get; }

    public string Benchmarks => Path.Combine(Root, "benchmarks");

    /// <summary>A new folder of this run.</summary>
    public string NewFolder(string name) =>
        Directory.CreateDirectory(Path.Combine(Folder, $"{++_folders:000}-{name}")).FullName;

    /// <summary>A program of this solution, built for Release.</summary>
    public string Built(string project, string assembly) =>
        Path.Combine(Root, project, "bin", "Release", "net10.0", assembly);

    /// <summary>Fills in a file of <c>benchmarks/config</c> and returns where the filled one is.</summary>
    public string Fill(string template, string folder, params IEnumerable<(string Name, string Value)> values)
    {
        var text = File.ReadAllText(Path.Combine(Benchmarks, "config", template)).Replace("@DIR@", folder, StringComparison.Ordinal)
            .Replace("@CORES@", Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        foreach (var (name, value) in values)
            text = text.Replace($"@{name}@", value, StringComparison.Ordinal);
        var file = Path.Combine(folder, template);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
