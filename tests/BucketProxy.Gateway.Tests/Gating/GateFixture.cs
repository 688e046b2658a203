using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Gating;
using BucketProxy.Gateway.Participation;
using BucketProxy.Gateway.Tests.Participation;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>The gate of <c>dtable-server-01</c>, over a store with faults and with a server that a test makes.</summary>
internal sealed class GateFixture : IAsyncDisposable
{
    public const string Node = GateDesk.Node;
    public static readonly KeySchema Keys = new();
    public static readonly Bucket B = GateDesk.B;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly StoreMirror _mirror;
    private readonly ProxyAgent _proxy;

    public GateFixture(ReleaseMode release = ReleaseMode.Restart, bool supervised = true)
    {
        Memory = new MemoryStore(Time);
        Store = new FaultInjectingStore(Memory, Time);
        _mirror = new StoreMirror(Store, Keys, new MirrorOptions(), Time, NullLogger<StoreMirror>.Instance);
        Traffic = new FakeTraffic(Current);
        Server = new FakeServer(Current, Time);
        var options = GateDesk.OptionsOf(release, supervised);
        Seat = new OwnServerSeat(new OwnServer(options.NodeId, options.Server, null, IsOpen: false));
        _proxy = new ProxyAgent(
            Store, Keys, _mirror, Current, Traffic,
            new ProxyAgentOptions { Instance = "g1", OnStoreLoss = StoreLossMode.Fence, LoadInterval = TimeSpan.Zero },
            Time, NullLogger<ProxyAgent>.Instance, own: Seat);
        Agent = new GateAgent(
            Store, Keys, _mirror, _proxy, Seat, Server, Server, supervised ? Server : null, options, Time, NullLogger<GateAgent>.Instance);
    }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>The store behind the faults.</summary>
    public MemoryStore Memory { get; }

    public FaultInjectingStore Store { get; }

    public CurrentTable Current { get; } = new();

    public FakeTraffic Traffic { get; }

    public FakeServer Server { get; }

    public OwnServerSeat Seat { get; }

    public GateAgent Agent { get; }

    /// <summary>The entry of bucket <see cref="B"/>.</summary>
    public RoutingEntry Entry => Current.Table[B];

    public bool IsOpen => Agent.IsOpen && Entry.State == EntryState.Open;

    public void Start()
    {
        _mirror.Start();
        _proxy.Start();
        Agent.Start();
    }

    /// <summary>Starts it, and waits until it takes requests for bucket <see cref="B"/>.</summary>
    public async Task OpenAsync()
    {
        await PutAsync(Keys.Assignment(B), Node);
        Start();
        await UntilAsync(() => IsOpen);
    }

    public Task UntilAsync(Func<bool> condition) => Time.AdvanceUntilAsync(condition, Step, Limit);

    public Task UntilAsync(Func<Task<bool>> condition) => Time.AdvanceUntilAsync(condition, Step, Limit);

    public Task PutAsync(string key, string text) =>
        Memory.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] });

    public Task DeleteAsync(string key) => Memory.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });

    /// <summary>From the store behind the faults.</summary>
    public async Task<StoreEntry?> GetAsync(string key) => (await Memory.ReadAsync([key])).Entries.FirstOrDefault(e => e.Key == key);

    public async Task<GateRecord?> RecordAsync() =>
        await GetAsync(Keys.Gate(Node)) is { } entry ? RecordJson.Read<GateRecord>(entry.Value.Span) : null;

    public async Task<NodeRecord?> NodeAsync() =>
        await GetAsync(Keys.Node(Node)) is { } entry ? NodeRegistration.Read(Node, entry.Value, entry.CreateRevision) : null;

    /// <summary>Begins a move of bucket <see cref="B"/>. Returns its revision.</summary>
    public async Task<long> MoveAsync()
    {
        await PutAsync(Keys.Move(B), RecordJson.Write(new MoveRecord
        {
            From = Node,
            To = "dtable-server-02",
            Phase = MovePhase.Quiesce,
            Reason = MoveReason.Drain,
            Epoch = (await GetAsync(Keys.Assignment(B)))!.ModRevision,
        }));
        return (await GetAsync(Keys.Move(B)))!.CreateRevision;
    }

    public async ValueTask DisposeAsync()
    {
        Store.Heal();
        await Agent.DisposeAsync();
        await _proxy.DisposeAsync();
        await _mirror.DisposeAsync();
        await Store.DisposeAsync();
    }
}
