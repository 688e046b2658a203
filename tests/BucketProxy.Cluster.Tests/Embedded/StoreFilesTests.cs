using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Tests.Durability;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>A new database takes the place of an old one, with a power failure at any operation on the disk.</summary>
public sealed class StoreFilesTests
{
    [Fact]
    public void Install_PowerFailureAtAnyOperation_LeavesTheOneOrTheOtherWhole()
    {
        var seen = new HashSet<string>();
        for (var crash = 1; crash <= 12; crash++)
        {
            var disk = Disk();
            disk.CrashAt = disk.Operations + crash;
            var acknowledged = true;
            try
            {
                disk.Write(StoreFiles.New, 0, "new"u8);
                StoreFiles.Promote(disk);
                StoreFiles.Install(disk);
            }
            catch (IOException)
            {
                acknowledged = false;
            }
            for (var seed = 0; seed < 20; seed++)
            {
                var after = disk.AfterCrash(new Random(seed));
                StoreFiles.Install(after);
                var found = Text(after, StoreFiles.Database) + Text(after, StoreFiles.Log);
                Assert.True(found is "old, and its log" or "new", $"power failure at operation {crash}, seed {seed}: {found}");
                Assert.True(found == "new" || !acknowledged);
                seen.Add(found);
            }
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void Promote_PowerFailureAfterwards_Counts()
    {
        var disk = Disk();
        disk.Write(StoreFiles.New, 0, "new"u8);
        StoreFiles.Promote(disk);
        for (var seed = 0; seed < 20; seed++)
            Assert.Equal("new", Text(disk.AfterCrash(new Random(seed)), StoreFiles.Ready));
    }

    private static SimulatedDisk Disk()
    {
        var disk = new SimulatedDisk();
        disk.Overwrite(StoreFiles.Database, "old"u8.ToArray());
        disk.Overwrite(StoreFiles.Log, ", and its log"u8.ToArray());
        return disk;
    }

    private static string Text(SimulatedDisk disk, string name) => System.Text.Encoding.UTF8.GetString(disk.Read(name) ?? []);
}
