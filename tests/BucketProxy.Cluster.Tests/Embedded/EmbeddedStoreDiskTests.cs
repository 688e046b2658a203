using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Durability;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>File systems that are really full, or really read-only.</summary>
public sealed class EmbeddedStoreDiskTests
{
    [Fact]
    public async Task Commit_FileSystemFull_IsRefusedWhileReadsGoOn_UntilThereIsRoom()
    {
        await using var disk = await MountedDirectory.SmallAsync("2m");
        var directory = disk.Combine("store");
        await using (var store = EmbeddedStore.Open(StoreScript.Options(directory)))
        {
            await StoreScript.WriteAsync(store, 1);
            disk.Fill();
            for (var i = 0; i < 3; i++)
            {
                var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 2));
                Assert.True(error.OutcomeUnknown);
                Assert.Contains(directory, error.Message, StringComparison.Ordinal);
                await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GrantLeaseAsync(TimeSpan.FromSeconds(9)).Within());
                Assert.Equal(["1", "1", "1"], (await store.ReadAsync([""]).Within()).Entries.Select(e => e.Text));
            }
            disk.Free();
            Assert.Equal(3, (await StoreScript.WriteAsync(store, 2)).Revision);
        }
        Assert.Equal([1, 2], await StoreScript.ReadAsync(directory));
    }

    [Fact]
    public async Task Open_FileSystemFull_FailsAndHasEverythingOnceThereIsRoom()
    {
        await using var disk = await MountedDirectory.SmallAsync("2m");
        disk.Fill();
        var directory = disk.Combine("store");
        Assert.Throws<IOException>(() => EmbeddedStore.Open(StoreScript.Options(directory)));
        disk.Free();
        using (var killed = new TemporaryDirectory())
        {
            await using var store = EmbeddedStore.Open(StoreScript.Options(killed.Path));
            await StoreScript.WriteAsync(store, 1);
            using var copy = StoreSteps.Copy(killed.Path);
            foreach (var file in Directory.GetFiles(copy.Path))
                File.Copy(file, Path.Combine(directory, Path.GetFileName(file)), overwrite: true);
        }
        disk.Fill();
        Assert.Throws<IOException>(() => EmbeddedStore.Open(StoreScript.Options(directory)));
        disk.Free();
        Assert.Equal([1], await StoreScript.ReadAsync(directory));
    }

    [Fact]
    public async Task Open_DirectoryReadOnly_RefusesToStart()
    {
        using var directory = new TemporaryDirectory();
        await using (var store = EmbeddedStore.Open(StoreScript.Options(directory.Path)))
            await StoreScript.WriteAsync(store, 1);
        await using (await MountedDirectory.ReadOnlyAsync(directory.Path))
        {
            var error = Assert.ThrowsAny<IOException>(() => EmbeddedStore.Open(StoreScript.Options(directory.Path)));
            Assert.Contains(directory.Path, error.Message, StringComparison.Ordinal);
        }
        Assert.Equal([1], await StoreScript.ReadAsync(directory.Path));
    }

    [Fact]
    public async Task Open_DatabaseReadOnly_RefusesToStart()
    {
        using var directory = new TemporaryDirectory();
        await using (var store = EmbeddedStore.Open(StoreScript.Options(directory.Path)))
            await StoreScript.WriteAsync(store, 1);
        await using (await MountedDirectory.ReadOnlyAsync(directory.Combine("store.db")))
        {
            var error = Assert.Throws<UnauthorizedAccessException>(() => EmbeddedStore.Open(StoreScript.Options(directory.Path)));
            Assert.Contains($"{directory.Combine("store.db")} may not be written", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal([1], await StoreScript.ReadAsync(directory.Path));
    }
}
