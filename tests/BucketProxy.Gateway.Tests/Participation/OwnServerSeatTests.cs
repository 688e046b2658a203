using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Participation;

public class OwnServerSeatTests
{
    private const string Node = "dtable-server-01";
    private const string Other = "dtable-server-02";
    private static readonly Bucket B = new(0x0f);
    private static readonly OwnServer Closed = new(Node, new Uri("http://127.0.0.1:5000"), "run2", IsOpen: false);

    /// <summary>G6: between this loop's look at the view and at what the gate wants, the gate sees a newer view and opens. A table of the older
    /// view would admit what has gone to another server meanwhile.</summary>
    [Fact]
    public async Task GateOpensWhileTheProxyDecides_TheTableIsOfAViewThatTheGateHadSeen()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        var seat = new OwnServerSeat(Closed);
        var views = new Views { View = ViewOf(100, Node) };
        var tables = new CurrentTable();
        await using var agent = new ProxyAgent(
            store, new KeySchema(), views, tables, new FakeTraffic(tables),
            new ProxyAgentOptions { Instance = "g1", OnStoreLoss = StoreLossMode.Fence, LoadInterval = TimeSpan.Zero },
            time, NullLogger<ProxyAgent>.Instance, own: seat);
        agent.Start();
        await time.AdvanceUntilAsync(() => tables.Table.Revision == 100, TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(2));

        var broken = 0;
        views.AfterNextLook = () =>
        {
            views.View = ViewOf(102, Other);
            seat.InForceChanged += () =>
            {
                if (seat.InForce is { IsOpen: true } && tables.Table[B] is { State: EntryState.Open, Owner.Id: Node })
                    Interlocked.Increment(ref broken);
            };
            seat.Want(Closed with { IsOpen = true });
        };
        views.View = ViewOf(101, Node);
        await time.AdvanceUntilAsync(
            () => tables.Table.Revision == 102 && seat.InForce is { IsOpen: true }, TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(2));
        Assert.Equal(Other, tables.Table[B].Owner!.Id);
        Assert.Equal(0, broken);
    }

    private static ClusterView ViewOf(long revision, string owner) => new()
    {
        ClusterId = 1,
        Revision = revision,
        Nodes = new ClusterView { ClusterId = 1, Revision = 1 }.Nodes.SetItem(Node, Record(Node)).SetItem(Other, Record(Other)),
        Assignments = new ClusterView { ClusterId = 1, Revision = 1 }.Assignments.SetItem(B, new Grant(owner, revision)),
        Proxies = new ClusterView { ClusterId = 1, Revision = 1 }.Proxies.SetItem("g1", new ProxyRecord { OnStoreLoss = StoreLossMode.Fence }),
    };

    private static NodeRecord Record(string id) => new() { Id = id, LocalUrl = new Uri("http://" + id), LocalUrlText = "http://" + id };

    /// <summary>A mirror whose view changes just after somebody has looked at it.</summary>
    private sealed class Views : IViewSource
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ClusterView? _view;

        public Action? AfterNextLook { get; set; }

        public ClusterView? View
        {
            get => _view;
            set
            {
                Volatile.Write(ref _view, value);
                Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }
        }

        public ClusterView? Current
        {
            get
            {
                var seen = Volatile.Read(ref _view);
                if (seen?.Revision == 101 && AfterNextLook is { } act)
                {
                    AfterNextLook = null;
                    act();
                }
                return seen;
            }
        }

        public async Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (Volatile.Read(ref _view) == seen)
                await changed.WaitAsync(cancellationToken);
        }
    }
}
