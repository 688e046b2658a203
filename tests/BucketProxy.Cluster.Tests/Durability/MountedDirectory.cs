using System.Diagnostics;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Durability;

/// <summary>A file system of a test's own: one that is really full, or really read-only. Mounting needs root, as the namespace tests do.</summary>
internal sealed class MountedDirectory : IAsyncDisposable
{
    private readonly TemporaryDirectory? _directory;

    private MountedDirectory(string path, TemporaryDirectory? directory) => (Path, _directory) = (path, directory);

    public string Path { get; }

    /// <summary>A small file system in memory, such as <c>256k</c>.</summary>
    public static async Task<MountedDirectory> SmallAsync(string size)
    {
        var directory = new TemporaryDirectory();
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", directory.Path);
        return new MountedDirectory(directory.Path, directory);
    }

    /// <summary>Makes a directory or a file read-only, for root too.</summary>
    public static async Task<MountedDirectory> ReadOnlyAsync(string path)
    {
        await RunAsync("mount", "--bind", path, path);
        await RunAsync("mount", "-o", "remount,bind,ro", path);
        return new MountedDirectory(path, null);
    }

    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Combine("filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[1024];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives it back.</summary>
    public void Free() => File.Delete(Combine("filler"));

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", Path);
        _directory?.Dispose();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error} (mounting needs root)");
    }
}
