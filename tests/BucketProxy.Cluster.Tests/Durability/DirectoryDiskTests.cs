using System.Diagnostics;
using System.Text;
using BucketProxy.Cluster.Durability;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Durability;

public sealed class DirectoryDiskTests
{
    [Fact]
    public void Replace_FileThatIsThere_HasTheNewContentAndNoMore()
    {
        using var directory = new TemporaryDirectory();
        using var disk = new DirectoryDisk(directory.Path);
        disk.Replace("a", "a long content"u8);
        disk.Replace("a", "short"u8);
        Assert.Equal("short", Encoding.UTF8.GetString(disk.Read("a")!));
        Assert.Equal(["a"], disk.List());
    }

    [Fact]
    public async Task Flush_ThatFails_Throws()
    {
        using var directory = new TemporaryDirectory();
        using var disk = new DirectoryDisk(directory.Path);
        // fsync fails on a pipe, as it does on a broken disk. .NET's own passes over both.
        using (var make = Process.Start("mkfifo", directory.Combine("pipe")))
            await make.WaitForExitAsync();
        var error = Assert.Throws<IOException>(() => disk.Flush("pipe"));
        Assert.Contains($"Cannot flush {directory.Combine("pipe")}", error.Message, StringComparison.Ordinal);
    }
}
