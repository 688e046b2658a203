using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Tests.Durability;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>A torn end of the log is cut off; damage anywhere else refuses to start.</summary>
public sealed class EmbeddedStoreDamageTests
{
    private const string LogFile = "log-0000000000000001";
    private const string SnapshotFile = "snapshot-0000000000000001";

    [Fact]
    public async Task Open_LogCutAtAnyByte_HasTheWholeEntriesBeforeTheCut()
    {
        var log = await LogOfThreeWritesAsync();
        var ends = EndsOfFrames(log);
        for (var cut = ends[0]; cut <= log.Length; cut++)
        {
            var disk = await DiskAsync();
            disk.Overwrite(LogFile, log[..cut]);
            Assert.Equal(ends.Count(e => e <= cut) - 1, (await StoreScript.ReadAsync(disk)).Count);
        }
    }

    [Fact]
    public async Task Open_TornTail_IsCutOffForGood()
    {
        var log = await LogOfThreeWritesAsync();
        var disk = await DiskAsync();
        disk.Overwrite(LogFile, log[..^1]);
        await using (Open(disk))
            Assert.Null(disk.Read(LogFile));
        Assert.Equal(2, (await StoreScript.ReadAsync(disk)).Count);
        await using var store = Open(disk);
        Assert.Equal(["n/01", "n/02", "next"], (await store.ReadAsync(["n"])).Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task Open_AnyByteOfAnEntryBeforeTheLastWrong_RefusesToStart()
    {
        var log = await LogOfThreeWritesAsync();
        var ends = EndsOfFrames(log);
        for (var at = 0; at < ends[^2]; at++)
        {
            var disk = await DiskAsync();
            var damaged = log.ToArray();
            damaged[at] ^= 0x40;
            disk.Overwrite(LogFile, damaged);
            var error = Assert.Throws<InvalidDataException>(() => Open(disk));
            Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Open_AnEntryMissing_RefusesToStart()
    {
        var log = await LogOfThreeWritesAsync();
        var ends = EndsOfFrames(log);
        var disk = await DiskAsync();
        disk.Overwrite(LogFile, [.. log[..ends[0]], .. log[ends[1]..]]);
        Assert.Contains("lacks entry 1", Assert.Throws<InvalidDataException>(() => Open(disk)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_SnapshotWrong_RefusesToStart()
    {
        var disk = await DiskAsync();
        var snapshot = disk.Read(SnapshotFile)!;
        for (var at = 0; at < snapshot.Length; at++)
        {
            var damaged = snapshot.ToArray();
            damaged[at] ^= 1;
            disk.Overwrite(SnapshotFile, damaged);
            Assert.Contains(SnapshotFile, Assert.Throws<InvalidDataException>(() => Open(disk)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Open_SnapshotOrLogGone_RefusesToStart()
    {
        var log = await LogOfThreeWritesAsync();
        var disk = await DiskAsync();
        disk.Overwrite(LogFile, log);
        disk.Delete(SnapshotFile);
        Assert.Contains("no snapshot", Assert.Throws<InvalidDataException>(() => Open(disk)).Message, StringComparison.Ordinal);
        disk = await DiskAsync();
        disk.Delete(LogFile);
        Assert.Contains("its log is not", Assert.Throws<InvalidDataException>(() => Open(disk)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_LogOfAnotherCluster_RefusesToStart()
    {
        var other = new SimulatedDisk();
        await using (Open(other, StoreScript.Options with { ClusterId = 8 }))
        {
        }
        var disk = await DiskAsync();
        disk.Overwrite(LogFile, other.Read(LogFile)!);
        Assert.Contains("another store", Assert.Throws<InvalidDataException>(() => Open(disk)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AnotherClusterIdThanAskedFor_RefusesToStart()
    {
        var disk = await DiskAsync();
        var error = Assert.Throws<InvalidDataException>(() => Open(disk, StoreScript.Options with { ClusterId = 8 }));
        Assert.Contains("belongs to cluster 7, not to 8", error.Message, StringComparison.Ordinal);
    }

    private static EmbeddedStore Open(IDisk disk, EmbeddedStoreOptions? options = null) =>
        EmbeddedStore.Open(disk, options ?? StoreScript.Options, new ManualTimeProvider());

    private static async Task<SimulatedDisk> DiskAsync()
    {
        var disk = new SimulatedDisk();
        await using var store = Open(disk);
        return disk;
    }

    private static async Task<byte[]> LogOfThreeWritesAsync()
    {
        var disk = new SimulatedDisk();
        await using (var store = Open(disk))
        {
            for (var n = 1; n <= 3; n++)
                await StoreScript.WriteAsync(store, n);
        }
        return disk.Read(LogFile)!;
    }

    // The first frame is the head of the log.
    private static List<int> EndsOfFrames(byte[] log)
    {
        var ends = new List<int>();
        for (var at = 0; at < log.Length; at = ends[^1])
        {
            Assert.True(Frame.TryDecode(log.AsMemory(at), out _, out var payload));
            ends.Add(at + Frame.HeaderLength + payload.Length);
        }
        Assert.Equal(4, ends.Count);
        return ends;
    }
}
