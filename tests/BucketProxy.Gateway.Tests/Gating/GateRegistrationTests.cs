using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static BucketProxy.Gateway.Tests.Gating.GateFixture;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>A gate's writes, where the store answers late or not at all.</summary>
public sealed class GateRegistrationTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _memory;
    private readonly LateStore _store;
    private readonly GateRegistration _registration;

    public GateRegistrationTests()
    {
        _memory = new MemoryStore(_time);
        _store = new LateStore(_memory);
        _registration = new GateRegistration(
            _store, Keys, GateDesk.OptionsOf(ReleaseMode.Call), _time, NullLogger.Instance, static () => { });
    }

    private static GateRecord Of(string incarnation, string? exited = null) => new()
    {
        Instance = "g1",
        Url = "http://one:5551",
        Supervised = true,
        Incarnation = incarnation,
        Exited = exited,
    };

    private async Task<GateRecord> StoredAsync() =>
        RecordJson.Read<GateRecord>((await _memory.ReadAsync([Keys.Gate(Node)])).Entries.Single().Value.Span)!;

    private Task<GateEvent> WriteAsync(GateRecord record) =>
        _registration.WriteAsync(record, publishes: record.Exited is null, "now", CancellationToken.None);

    /// <summary>The cluster would take the second run for dead, and give its buckets away while it serves them.</summary>
    [Fact]
    public async Task GivenUpExitReport_IsNeverAppliedBehindTheNextRunsPublication()
    {
        Assert.IsType<GateRegistered>(await _registration.RegisterAsync(CancellationToken.None));
        Assert.IsType<GateWritten>(await WriteAsync(Of("run1")));
        _store.Delays = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Of("run1", exited: "run1")));
        _store.Delays = false;
        Assert.IsType<GateWritten>(await WriteAsync(Of("run2")));

        Assert.False((await _store.ApplyLateAsync()).Succeeded);
        Assert.Equal(("run2", null), ((await StoredAsync()).Incarnation, (await StoredAsync()).Exited));
    }

    [Fact]
    public async Task GivenUpWriteWasApplied_IsFoundOutAndWrittenOver()
    {
        await _registration.RegisterAsync(CancellationToken.None);
        await WriteAsync(Of("run1"));
        _store.Delays = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Of("run1", exited: "run1")));
        _store.Delays = false;
        Assert.True((await _store.ApplyLateAsync()).Succeeded);

        Assert.IsType<GateWritten>(await WriteAsync(Of("run2", exited: "run1")));
        Assert.Equal("run2", (await StoredAsync()).Incarnation);
    }

    /// <summary>It may be applied between the look at what stands there and the next write.</summary>
    [Fact]
    public async Task GivenUpWriteIsAppliedJustBeforeTheNext_IsWrittenOverAllTheSame()
    {
        await _registration.RegisterAsync(CancellationToken.None);
        await WriteAsync(Of("run1"));
        _store.Delays = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Of("run1", exited: "run1")));
        _store.Delays = false;
        _store.AppliesLateBeforeNext = true;

        Assert.IsType<GateWritten>(await WriteAsync(Of("run2", exited: "run1")));
        Assert.Equal("run2", (await StoredAsync()).Incarnation);
    }

    [Fact]
    public async Task AnothersKeyStands_SaysSo()
    {
        await _registration.RegisterAsync(CancellationToken.None);
        await WriteAsync(Of("run1"));
        await _memory.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(Keys.Gate(Node))] });
        await _memory.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(Keys.Gate(Node), RecordJson.Write(Of("run9")))] });
        Assert.IsType<GateOverwritten>(await WriteAsync(Of("run1", exited: "run1")));
        Assert.Equal("run9", (await StoredAsync()).Incarnation);
    }

    public async ValueTask DisposeAsync()
    {
        await _registration.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>Gives commits up, and carries them out when it is told to.</summary>
    private sealed class LateStore(MemoryStore inner) : IClusterStore
    {
        private StoreTransaction? _late;

        public bool Delays { get; set; }

        public bool AppliesLateBeforeNext { get; set; }

        public string Description => "late";

        public async Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default)
        {
            if (Delays)
            {
                _late = transaction;
                throw new StoreUnavailableException("given up", outcomeUnknown: true);
            }
            if (AppliesLateBeforeNext)
            {
                AppliesLateBeforeNext = false;
                await ApplyLateAsync();
            }
            return await inner.CommitAsync(transaction, cancellationToken);
        }

        public Task<TransactionResult> ApplyLateAsync() => inner.CommitAsync(_late!);

        public Task<StoreSnapshot> ReadAsync(
            IReadOnlyList<string> prefixes, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(prefixes, consistency, cancellationToken);

        public IAsyncEnumerable<WatchBatch> WatchAsync(
            IReadOnlyList<string> prefixes, long fromRevision, CancellationToken cancellationToken = default) =>
            inner.WatchAsync(prefixes, fromRevision, cancellationToken);

        public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
            inner.GrantLeaseAsync(timeToLive, cancellationToken);

        public Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
            inner.RenewLeaseAsync(leaseId, cancellationToken);

        public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
            inner.RevokeLeaseAsync(leaseId, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
