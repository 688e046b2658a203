using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Durability;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>Power failures and disk errors at every single operation on the disk.</summary>
public sealed class EmbeddedStoreCrashTests
{
    [Fact]
    public async Task Open_AfterAPowerFailureAtAnyOperation_HasEveryAcknowledgedWriteAndNoHalfOne()
    {
        var whole = new SimulatedDisk();
        Assert.Equal(StoreScript.Writes, (await StoreScript.RunAsync(whole, untilFirstFailure: true)).Count);
        for (var crash = 1; crash <= whole.Operations + 1; crash++)
        {
            var disk = new SimulatedDisk { CrashAt = crash };
            var acknowledged = await StoreScript.RunAsync(disk, untilFirstFailure: true);
            for (var seed = 0; seed < 6; seed++)
            {
                var found = await StoreScript.ReadAsync(disk.AfterCrash(new Random(seed)));
                var what = $"crash at operation {crash}, seed {seed}: acknowledged up to {acknowledged.Count}, found {found.Count}";
                Assert.True(found.SequenceEqual(Enumerable.Range(1, found.Count)), what);
                Assert.True(found.Count == acknowledged.Count || found.Count == acknowledged.Count + 1, what);
            }
        }
    }

    [Fact]
    public async Task Commit_AfterADiskErrorAtAnyOperation_GoesOnAndLosesNothingAcknowledged()
    {
        var whole = new SimulatedDisk();
        await StoreScript.RunAsync(whole, untilFirstFailure: true);
        for (var fail = 1; fail <= whole.Operations; fail++)
        {
            var disk = new SimulatedDisk { FailAt = fail };
            var acknowledged = await StoreScript.RunAsync(disk, untilFirstFailure: false);
            // The start may fail as a whole; a failure later costs one write at most.
            Assert.True(acknowledged.Count == 0 || acknowledged.Count >= StoreScript.Writes - 1, $"failure at operation {fail}");
            for (var seed = 0; seed < 3; seed++)
            {
                var found = await StoreScript.ReadAsync(disk.AfterCrash(new Random(seed)));
                Assert.True(acknowledged.All(found.Contains), $"failure at operation {fail}, seed {seed}: an acknowledged write is lost");
            }
        }
    }

    [Fact]
    public async Task Read_AfterADiskErrorAtAnyOperation_ShowsNothingThatACrashTakesBack()
    {
        var whole = new SimulatedDisk();
        await StoreScript.RunAsync(whole, untilFirstFailure: true);
        var start = new SimulatedDisk();
        await using (EmbeddedStore.Open(start, StoreScript.Options, new ManualTimeProvider()))
        {
        }
        for (var fail = start.Operations + 1; fail <= whole.Operations; fail++)
        {
            var disk = new SimulatedDisk { FailAt = fail };
            await using var store = EmbeddedStore.Open(disk, StoreScript.Options, new ManualTimeProvider());
            for (var n = 1; n <= StoreScript.Writes && disk.Operations < fail; n++)
            {
                try
                {
                    await StoreScript.WriteAsync(store, n);
                }
                catch (StoreUnavailableException)
                {
                    // This is the one.
                }
            }
            var shown = (await store.ReadAsync(["n/"]).Within()).Entries.Count;
            for (var seed = 0; seed < 3; seed++)
            {
                var found = await StoreScript.ReadAsync(disk.AfterCrash(new Random(seed)));
                Assert.True(found.Count >= shown, $"failure at operation {fail}, seed {seed}: {shown} writes were shown, {found.Count} are left");
            }
        }
    }
}
