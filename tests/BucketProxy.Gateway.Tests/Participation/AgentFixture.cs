using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Participation;

/// <summary>The agent of proxy <c>p1</c>, over a store with faults and under traffic that a test makes.</summary>
internal sealed class AgentFixture : IAsyncDisposable
{
    public static readonly KeySchema Keys = new();
    public static readonly Bucket B = new(0x0f);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly StoreMirror _mirror;
    private ProxyAgent? _agent;

    public AgentFixture()
    {
        Memory = new MemoryStore(Time);
        Store = new FaultInjectingStore(Memory, Time);
        _mirror = new StoreMirror(Store, Keys, new MirrorOptions(), Time, NullLogger<StoreMirror>.Instance);
        Traffic = new FakeTraffic(Current);
    }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>The store behind the faults.</summary>
    public MemoryStore Memory { get; }

    public FaultInjectingStore Store { get; }

    public CurrentTable Current { get; } = new();

    public RoutingTable Table => Current.Table;

    public FakeTraffic Traffic { get; }

    public ProxyAgent Agent => _agent!;

    /// <summary>Two nodes, and every bucket on the first.</summary>
    public async Task FillStoreAsync()
    {
        await PutAsync(Keys.Node("dtable-server-01"), """{"local_node_url": "http://127.0.0.1:7001/", "node_url": "https://one.example.com/"}""");
        await PutAsync(Keys.Node("dtable-server-02"), """{"local_node_url": "http://127.0.0.1:7002/", "node_url": "https://two.example.com/"}""");
        foreach (var bucket in Bucket.All)
            await PutAsync(Keys.Assignment(bucket), "dtable-server-01");
    }

    /// <summary>Starts it, and waits until it serves.</summary>
    public async Task StartAsync(StoreLossMode mode = StoreLossMode.Serve, params string[] predecessors)
    {
        Start(mode, predecessors);
        await UntilAsync(() => Table[B].State == EntryState.Open);
    }

    public void Start(StoreLossMode mode, string[] predecessors)
    {
        _agent = new ProxyAgent(
            Store, Keys, _mirror, Current, Traffic,
            new ProxyAgentOptions { Instance = "p1", OnStoreLoss = mode, LoadInterval = TimeSpan.Zero, Predecessors = predecessors },
            Time, NullLogger<ProxyAgent>.Instance);
        _mirror.Start();
        _agent.Start();
    }

    public async Task StopAsync()
    {
        await Agent.DisposeAsync();
        _agent = null;
    }

    public Task UntilAsync(Func<bool> condition) => Time.AdvanceUntilAsync(condition, Step, Limit);

    public Task UntilAsync(Func<Task<bool>> condition) => Time.AdvanceUntilAsync(condition, Step, Limit);

    public Task UntilRecordAsync(Func<ProxyRecord?, bool> condition) => UntilAsync(async () => condition(await RecordAsync()));

    public Task PutAsync(string key, string text) =>
        Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] });

    public Task DeleteAsync(string key) =>
        Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });

    /// <summary>From the store behind the faults.</summary>
    public async Task<StoreEntry?> GetAsync(string key) => (await Memory.ReadAsync([key])).Entries.FirstOrDefault(e => e.Key == key);

    public async Task<ProxyRecord?> RecordAsync(string instance = "p1") =>
        await GetAsync(Keys.Proxy(instance)) is { } entry ? RecordJson.Read<ProxyRecord>(entry.Value.Span) : null;

    /// <summary>Begins a move. Returns its revision.</summary>
    public async Task<long> MoveAsync(Bucket bucket, string to = "dtable-server-02")
    {
        await PutAsync(Keys.Move(bucket), RecordJson.Write(new MoveRecord { From = "dtable-server-01", To = to, Phase = MovePhase.Quiesce }));
        return (await GetAsync(Keys.Move(bucket)))!.CreateRevision;
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
            await _agent.DisposeAsync();
        await _mirror.DisposeAsync();
        await Store.DisposeAsync();
    }
}
