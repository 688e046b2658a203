using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>G8: a server that is not registered while its gate lives, and what is written down to tell one stay of a gate from another.</summary>
public sealed class GateStayTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";

    [Fact]
    public void Unregistered_TheSameStayOfItsGate_KeepsItsBucketsWhateverPingsSay()
    {
        var world = Cluster();
        world.Answering.Remove(A);
        world.Delete(world.Keys.Node(A));
        world.Advance(300);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Contains("has not said", world.Alarm(AlarmKind.GateWithoutServer)!.Message, StringComparison.Ordinal);

        world.Mutations = Mutations.UnregisteredIsDead;
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
    }

    [Fact]
    public void Unregistered_TheSameStayRestarting_KeepsItsBuckets()
    {
        var world = Cluster();
        world.Change(A, g => g with { Incarnation = null });
        world.Delete(world.Keys.Node(A));
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Unregistered_OperatorSaysItIsGone_ItsBucketsGo()
    {
        var world = Cluster();
        world.Delete(world.Keys.Node(A));
        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(10);
        Assert.DoesNotContain(A, world.Owners);
    }

    [Fact]
    public void Unregistered_ALaterStayOfItsGate_HoldsNothing()
    {
        var world = Cluster();
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { Frozen = true }));
        world.GateLost(A);
        world.GateComes(A);
        world.Advance(5);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy()));
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Unregistered_AStayThatWasNotWrittenDown_ProvesNothing()
    {
        var world = Cluster();
        world.Put(world.Keys.KnownNode(A), RecordJson.Write(world.View.KnownNodes[A] with { GateRevision = 0 }));
        world.Change(A, g => g with { Incarnation = null });
        world.Delete(world.Keys.Node(A));
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Unregistered_ALaterStayThatHasPublishedARun_KeepsItsBuckets()
    {
        var world = Cluster();
        // Nobody led when it came back, and then somebody deleted its registration.
        world.GateLost(A);
        world.GateComes(A);
        world.ServerRuns(A, "t2");
        world.Delete(world.Keys.Node(A));
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void KnownNode_GateChangesItsMind_IsWrittenDownAnew()
    {
        var world = Cluster(A);
        world.Change(A, g => g with { LateSaveSeconds = 9 });
        world.Settle();
        Assert.Equal(9, world.View.KnownNodes[A].LateSaveSeconds);

        // Somebody deletes the gate's key, and the gate puts it again: another stay beside the same registration.
        world.Delete(world.Keys.Gate(A));
        world.GateComes(A);
        world.Settle();
        Assert.Equal(world.View.Gates[A].CreateRevision, world.View.KnownNodes[A].GateRevision);
    }

    [Fact]
    public void Orphan_GateTakesItsWordBack_TheMoveIsAborted()
    {
        var world = Cluster();
        world.BeforeWrite = write => !Gates.Grants(world, write);
        world.Exits(A);
        world.Settle();
        Assert.NotEmpty(world.View.Moves);
        world.Delete(world.Keys.Node(A));
        world.Change(A, g => g with { Incarnation = null });
        world.BeforeWrite = null;
        world.Settle();
        Assert.Empty(world.View.Moves);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void KnownNode_OfAGatedNode_SaysWhichStayItBelongsTo()
    {
        var world = Cluster();
        var known = world.View.KnownNodes[A];
        Assert.Equal((GateKind.Supervised, world.View.Gates[A].CreateRevision, Gates.LateSave), (known.Gate, known.GateRevision, known.LateSaveSeconds));
    }

    private static World Cluster(params string[] nodes)
    {
        nodes = nodes.Length == 0 ? [A, B, C] : nodes;
        var world = new World(new MonitorOptions { MinNodes = nodes.Length }, buckets: 4 * nodes.Length);
        foreach (var node in nodes)
            world.Gated(node);
        world.Settle();
        Assert.All(world.Owners, Assert.NotNull);
        world.Actions.Clear();
        return world;
    }
}
