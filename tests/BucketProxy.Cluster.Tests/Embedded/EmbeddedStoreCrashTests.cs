using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>
/// The end of the process, and a failure, at every step that the store takes on disk. (What a power failure adds is SQLite's
/// affair, but for a new database taking the old one's place: <see cref="StoreFilesTests"/>.)
/// </summary>
public sealed class EmbeddedStoreCrashTests
{
    [Fact]
    public async Task Open_AfterACrashAtAnyStep_HasEveryAcknowledgedWriteAndNoHalfOne()
    {
        using var directory = new TemporaryDirectory();
        var copies = new List<(StoreStep Step, int Acknowledged, TemporaryDirectory Copy)>();
        var acknowledged = 0;
        // One failure, so that a new database is written in the middle of it too.
        var steps = new StoreSteps { FailAt = 40 };
        steps.Look = (_, step) => copies.Add((step, acknowledged, StoreSteps.Copy(directory.Path)));
        await using (var store = steps.Open(StoreScript.Options(directory.Path), new FakeTimeProvider()))
        {
            for (var n = 1; n <= StoreScript.Writes; n++)
            {
                try
                {
                    await StoreScript.WriteAsync(store, n);
                    acknowledged = n;
                }
                catch (StoreUnavailableException)
                {
                    n--;
                }
            }
        }
        Assert.Equal(Enum.GetValues<StoreStep>(), copies.Select(c => c.Step).Distinct().Order());
        foreach (var (step, before, copy) in copies)
        {
            var found = await StoreScript.ReadAsync(copy.Path);
            copy.Dispose();
            var what = $"crash before {step}: acknowledged up to {before}, found {found.Count}";
            Assert.True(found.SequenceEqual(Enumerable.Range(1, found.Count)), what);
            Assert.True(found.Count == before || found.Count == before + 1, what);
        }
    }

    [Fact]
    public async Task Commit_AfterAFailureAtAnyStep_GoesOnAndLosesNothingAcknowledged()
    {
        var whole = await CountStepsAsync();
        for (var fail = 1; fail <= whole; fail++)
        {
            using var directory = new TemporaryDirectory();
            var acknowledged = await StoreScript.RunAsync(directory.Path, new StoreSteps { FailAt = fail });
            // The start may fail as a whole; a failure later costs one write at most.
            Assert.True(acknowledged.Count == 0 || acknowledged.Count >= StoreScript.Writes - 1, $"failure at step {fail}");
            var found = await StoreScript.ReadAsync(directory.Path);
            Assert.True(acknowledged.All(found.Contains), $"failure at step {fail}: an acknowledged write is lost");
        }
    }

    [Fact]
    public async Task Read_AfterAFailureAtAnyStep_ShowsNothingThatACrashTakesBack()
    {
        var whole = await CountStepsAsync();
        for (var fail = 1; fail <= whole; fail++)
        {
            using var directory = new TemporaryDirectory();
            var steps = new StoreSteps();
            await using var store = steps.Open(StoreScript.Options(directory.Path), new FakeTimeProvider());
            steps.FailAt = steps.Count + fail;
            for (var n = 1; n <= StoreScript.Writes && steps.Count < steps.FailAt; n++)
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
            using var copy = StoreSteps.Copy(directory.Path);
            var found = await StoreScript.ReadAsync(copy.Path);
            Assert.True(found.Count >= shown, $"failure at step {fail}: {shown} writes were shown, {found.Count} are left");
        }
    }

    [Fact]
    public async Task Commit_AfterACommitOfUnknownOutcome_IsWrittenToANewDatabaseWithoutIt()
    {
        using var directory = new TemporaryDirectory();
        var steps = new StoreSteps();
        await using var store = steps.Open(StoreScript.Options(directory.Path), new FakeTimeProvider());
        await StoreScript.WriteAsync(store, 1);
        // As an fsync that fails: SQLite's log holds the transaction, in the page cache at least.
        steps.Look = (count, step) => steps.FailAt = step == StoreStep.Answer ? count : 0;
        Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 2))).OutcomeUnknown);
        steps.Look = null;
        using (var copy = StoreSteps.Copy(directory.Path))
            Assert.Equal([1, 2], await StoreScript.ReadAsync(copy.Path));
        Assert.Single((await store.ReadAsync(["n/"]).Within()).Entries);

        var taken = new List<StoreStep>();
        steps.Look = (_, step) => taken.Add(step);
        await StoreScript.WriteAsync(store, 3);
        Assert.Equal([StoreStep.Build, StoreStep.Promote, StoreStep.Install, StoreStep.Answer], taken);
        using var after = StoreSteps.Copy(directory.Path);
        Assert.Equal([1, 3], await StoreScript.ReadAsync(after.Path));
    }

    [Fact]
    public async Task Open_CutShortWhileANewDatabaseTookOver_HasEverything()
    {
        using var directory = new TemporaryDirectory();
        var steps = new StoreSteps();
        await using var store = steps.Open(StoreScript.Options(directory.Path), new FakeTimeProvider());
        await StoreScript.WriteAsync(store, 1);
        steps.FailAt = steps.Count + 1;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 2));
        TemporaryDirectory? copy = null;
        steps.Look = (_, step) => copy ??= step == StoreStep.Install ? StoreSteps.Copy(directory.Path) : null;
        await StoreScript.WriteAsync(store, 2);
        // Its old log is gone, and it does not have its name yet.
        File.Delete(copy!.Combine("store.db-wal"));
        Assert.True(File.Exists(copy.Combine("store.db.ready")));
        Assert.Equal([1, 2], await StoreScript.ReadAsync(copy.Path));
        copy.Dispose();
    }

    private static async Task<int> CountStepsAsync()
    {
        using var directory = new TemporaryDirectory();
        var steps = new StoreSteps();
        Assert.Equal(StoreScript.Writes, (await StoreScript.RunAsync(directory.Path, steps)).Count);
        return steps.Count;
    }
}
