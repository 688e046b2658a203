using BucketProxy.Cluster.Embedded;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>What a store does to its files, step by step, at a test's command.</summary>
internal sealed class StoreSteps
{
    private int _count;

    /// <summary>Steps so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>This step fails (counted from 1), the next one works again.</summary>
    public int FailAt { get; set; }

    /// <summary>While true, every step but an answer fails.</summary>
    public bool Full { get; set; }

    /// <summary>While set, commits wait.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    /// <summary>Set when a commit waits.</summary>
    public TaskCompletionSource Waits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Told of every step, before it may fail.</summary>
    public Action<int, StoreStep>? Look { get; set; }

    public EmbeddedStore Open(EmbeddedStoreOptions options, TimeProvider time) =>
        EmbeddedStore.Open(options, time, NullLogger.Instance, Before);

    /// <summary>The files as a process that dies now leaves them.</summary>
    public static TemporaryDirectory Copy(string directory)
    {
        var copy = new TemporaryDirectory();
        // Neither the lock, which dies with the process, nor SQLite's shared memory, which a first connection makes anew.
        foreach (var file in Directory.GetFiles(directory).Where(f => !Path.GetFileName(f).StartsWith("lock", StringComparison.Ordinal)
            && !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, copy.Combine(Path.GetFileName(file)));
        }
        return copy;
    }

    private void Before(StoreStep step)
    {
        var count = Interlocked.Increment(ref _count);
        Look?.Invoke(count, step);
        if (step == StoreStep.Commit && Gate is { } gate)
        {
            Waits.TrySetResult();
            gate.Wait();
        }
        if (count == FailAt || (Full && step != StoreStep.Answer))
            throw new IOException("No space left on device.");
    }
}
