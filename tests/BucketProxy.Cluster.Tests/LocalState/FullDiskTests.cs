using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Tests.Durability;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.LocalState;

/// <summary>A file system that is really full: a small one in memory.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task FlushAsync_FileSystemFull_FailsAndTheLastGoodTableStays_UntilThereIsRoom()
    {
        await using var disk = await MountedDirectory.SmallAsync("256k");
        var directory = disk.Combine("state");
        using (var state = StateDirectory.Open(directory, "p1", TimeProvider.System))
        {
            var current = new CurrentTable();
            await using var cache = new TableCache(state, StoreLossMode.Serve, current, TimeProvider.System, NullLogger<TableCache>.Instance);
            current.Publish(Table(50, epoch: 1));
            await cache.FlushAsync(default).Within();

            disk.Fill();
            current.Publish(Table(60, epoch: 2));
            await Assert.ThrowsAsync<IOException>(() => cache.FlushAsync(default).Within());
            // S7: what stands on disk is the last table that was written whole.
            Assert.Equal((50, 1), OnDisk(directory));

            disk.Free();
            await cache.FlushAsync(default).Within();
        }
        Assert.Equal((60, 2), OnDisk(directory));
    }

    private static (long Revision, long Epoch) OnDisk(string directory)
    {
        // A copy: the directory itself is locked by the proxy that writes it.
        using var copy = new TemporaryDirectory();
        foreach (var file in Directory.GetFiles(directory).Where(f => Path.GetFileName(f) is "table" or "instances"))
            File.Copy(file, copy.Combine(Path.GetFileName(file)));
        using var state = StateDirectory.Open(copy.Path, "reader", TimeProvider.System);
        var cache = new TableCache(state, StoreLossMode.Serve, new CurrentTable(), TimeProvider.System, NullLogger<TableCache>.Instance);
        return (cache.Table!.Revision, cache.Table[new Bucket(0)].Epoch);
    }

    private static RoutingTable Table(long revision, long epoch)
    {
        var node = new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri("http://10.0.0.1:5000"), LocalUrlText = "http://10.0.0.1:5000/" };
        return new RoutingTable(9, revision,
            [.. Bucket.All.Select(b => new RoutingEntry { Bucket = b, State = EntryState.Open, Owner = node, Epoch = epoch })], [], [node]);
    }
}
