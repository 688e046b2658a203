using System.Collections.Concurrent;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>What the mirror logs of a store that refuses for as long as nobody mends it.</summary>
public sealed class StoreMirrorLogTests
{
    [Fact]
    public async Task Follow_StoreRefusesForMinutes_LogsEachCauseOnceAndThatItIsOver()
    {
        var time = new FakeTimeProvider();
        await using var store = new HookedStore(new MemoryStore(time));
        var lines = new Lines();
        var refusal = 0;
        var isMended = false;
        // As two members of one cluster say it in turn.
        store.AfterRead = _ => Volatile.Read(ref isMended)
            ? Task.CompletedTask
            : throw new StoreRejectedException($"etcd KV/Txn at http://etcd-0{1 + (Interlocked.Increment(ref refusal) % 2)}:2379: PermissionDenied: etcdserver: permission denied")
            {
                Cause = "PermissionDenied: etcdserver: permission denied",
            };
        await using var mirror = new StoreMirror(store, MirrorFixture.Schema, new MirrorOptions(), time, lines);
        mirror.Start();

        await time.AdvanceUntilAsync(() => Volatile.Read(ref refusal) > 50, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Assert.Contains("permission denied", mirror.Status.LastError, StringComparison.Ordinal);
        var line = Assert.Single(lines.Texts);
        Assert.Contains("cannot be followed: etcd KV/Txn", line, StringComparison.Ordinal);

        Volatile.Write(ref isMended, true);
        await time.AdvanceUntilAsync(() => lines.Texts.Count > 1, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Assert.EndsWith("is followed again.", lines.Texts.Last(), StringComparison.Ordinal);
    }

    private sealed class Lines : ILogger<StoreMirror>
    {
        private readonly ConcurrentQueue<string> _texts = new();

        public IReadOnlyCollection<string> Texts => _texts;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _texts.Enqueue(formatter(state, exception) + exception);
    }
}
