using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Unplanned loss: DESIGN.md, "When a node is lost".</summary>
public sealed class NodeLossTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";
    private const string D = "dtable-server-d";

    [Fact]
    public void Loss_GraceOver_OrphansGoToTheOthersAndAreWrittenDown()
    {
        var world = Cluster(A, B, C);
        world.Kill(A);
        world.Advance(9.9);
        Assert.Contains(A, world.Owners);

        world.Advance(3);
        Assert.DoesNotContain(A, world.Owners);
        Assert.Equal((6, 6), (world.Owners.Count(o => o == B), world.Owners.Count(o => o == C)));
        Assert.Equal(4, world.View.Uncleans.Count);
        Assert.All(world.View.Uncleans.Values, u => Assert.Equal((A, "t1"), (u.Processes[0].NodeId, u.Processes[0].StartTime)));
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Loss_ReturnsWithinGrace_KeepsItsBuckets()
    {
        var world = Cluster(A, B, C);
        world.Kill(A);
        world.Advance(8);
        world.Register(A, "t2");
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Loss_StillAnswers_IsSuspectAndKeepsItsBuckets()
    {
        var world = Cluster(A, B, C);
        world.Delete(world.Keys.Node(A));
        world.Advance(300);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Equal(A, world.Alarm(AlarmKind.SuspectNode)!.Subject);

        world.Mutations = Mutations.SuspectIsDead;
        world.Advance(1);
        Assert.DoesNotContain(A, world.Owners);
    }

    [Fact]
    public void Loss_SeenOnlyByANewLeader_IsStillPingedAndWrittenDown()
    {
        var world = Cluster(A, B, C);
        world.Delete(world.Keys.Node(A));
        world.Lead("monitor-2");
        world.Advance(1);
        Assert.Equal(A, world.Alarm(AlarmKind.SuspectNode)!.Subject);

        world.Answering.Remove(A);
        world.Lead("monitor-3");
        world.Advance(15);
        Assert.DoesNotContain(A, world.Owners);
        Assert.All(world.View.Uncleans.Values, u => Assert.Equal("t1", u.Processes[0].StartTime));
    }

    [Fact]
    public void Loss_ReturnsBeforeTheGrant_KeepsItsBuckets()
    {
        var world = Cluster(A, B, C);
        world.Quiet.Clear();
        world.Kill(A);
        world.Advance(12.5);
        Assert.Equal(4, world.View.Moves.Count);
        world.Register(A, "t2");
        world.Advance(1);
        Assert.Empty(world.View.Moves);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Loss_ReturnsBetweenDecisionAndGrant_TheStoreRefusesTheGrant()
    {
        var world = Cluster(A, B, C);
        world.Kill(A);
        world.BeforeWrite = write =>
        {
            if (write.Why.StartsWith("bucket", StringComparison.Ordinal) && world.View.Nodes.GetValueOrDefault(A) is null)
                world.Register(A, "t1");
            return true;
        };
        world.Advance(20);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Loss_ProxyBusyOrLost_IsNotWaitedForLongerThanTheQuiesceTime()
    {
        var world = Cluster(A, B, C);
        world.LoseProxy("p1");
        world.Kill(A);
        world.Advance(12.5);
        Assert.NotEmpty(world.View.Moves);
        world.Advance(4);
        Assert.DoesNotContain(A, world.Owners);
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Loss_IgnoredOrphans_StayWithoutOwner()
    {
        var world = Cluster(A, B, C);
        world.Mutations = Mutations.IgnoreOrphans;
        world.Kill(A);
        world.Advance(60);
        Assert.Contains(A, world.Owners);
    }

    [Fact]
    public void ProcessGone_Suspect_ItsBucketsGoAtOnce()
    {
        var world = Cluster(A, B, C);
        world.Delete(world.Keys.Node(A));
        world.Advance(5);
        Assert.NotNull(world.Alarm(AlarmKind.SuspectNode));
        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(5);
        Assert.DoesNotContain(A, world.Owners);
        Assert.Null(world.View.NodePolicies[A].ProcessGone);
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Loss_NoOtherNode_WaitsWithAnAlarmAndItComesBackToItsOwn()
    {
        var world = Cluster(A);
        world.Kill(A);
        world.Advance(30);
        Assert.NotNull(world.Alarm(AlarmKind.NoOwner));
        world.Register(A, "t1");
        world.Advance(5);
        Assert.All(world.Owners, o => Assert.Equal(A, o));
        Assert.Null(world.Alarm(AlarmKind.NoOwner));
    }

    [Fact]
    public void MassLoss_TwoOfFourAtOnce_FreezesUntilAnOperatorLiftsIt()
    {
        var world = Cluster(A, B, C, D);
        world.Kill(A);
        world.Advance(5);
        world.Kill(B);
        world.Advance(300);
        Assert.Equal(3, world.Owners.Count(o => o == A));
        Assert.True(world.View.Policy.Frozen);
        Assert.Contains("2 of 4", world.Alarm(AlarmKind.Frozen)!.Message, StringComparison.Ordinal);

        // A new leader does not begin to count anew.
        world.Lead("monitor-2");
        world.Advance(30);
        Assert.Contains(A, world.Owners);

        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [A, B] }));
        world.Advance(20);
        Assert.DoesNotContain(A, world.Owners);
        Assert.DoesNotContain(B, world.Owners);
        Assert.False(world.View.Policy.Frozen);
    }

    [Fact]
    public void MassLoss_AllAreBackBeforeTheirGraceIsOver_NothingIsFrozen()
    {
        var world = Cluster(A, B, C, D);
        foreach (var id in (string[])[A, B, C, D])
            world.Kill(id);
        world.Advance(5);
        Assert.NotNull(world.Alarm(AlarmKind.MassLoss));
        foreach (var id in (string[])[A, B, C, D])
            world.Register(id, "t2");
        world.Advance(60);
        Assert.False(world.View.Policy.Frozen);
        Assert.Equal(3, world.Owners.Count(o => o == A));
        Assert.Null(world.Alarm(AlarmKind.MassLoss));
    }

    [Fact]
    public void Silent_RegisteredButDoesNotAnswer_GetsNothingAndIsAnAlarm()
    {
        var world = Cluster(A, B, C);
        world.Answering.Remove(B);
        world.Advance(25);
        Assert.Equal(B, world.Alarm(AlarmKind.SilentNode)!.Subject);
        world.Kill(A);
        world.Advance(30);
        Assert.Equal((4, 8), (world.Owners.Count(o => o == B), world.Owners.Count(o => o == C)));
    }

    [Fact]
    public void MassLoss_OneAfterTheOtherWithFailoverBetween_Freezes()
    {
        var world = Cluster(A, B, C, D);
        world.Kill(A);
        world.Advance(30);
        Assert.DoesNotContain(A, world.Owners);
        world.Kill(B);
        world.Advance(30);
        Assert.True(world.View.Policy.Frozen);
        Assert.Contains(B, world.Owners);
    }

    [Fact]
    public void MassLoss_OneAndLongAfterAnother_FailsOverBoth()
    {
        var world = Cluster(A, B, C, D);
        world.Kill(A);
        world.Advance(100);
        world.Kill(B);
        world.Advance(30);
        Assert.False(world.View.Policy.Frozen);
        Assert.DoesNotContain(B, world.Owners);
    }

    [Fact]
    public void AcceptedLoss_CameBack_IsCountedAgain()
    {
        var world = Cluster(A, B, C, D);
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [A] }));
        world.Advance(1);
        Assert.Empty(world.View.Policy.AcceptedLosses);
    }

    [Fact]
    public void RefreshTime_NotRefreshed_CountsAsGone()
    {
        var world = Cluster(A, B, C);
        world.Options = world.Options with { RefreshTimeout = TimeSpan.FromSeconds(20) };
        foreach (var id in (string[])[B, C])
            world.Put(world.Keys.Node(id), $$"""{"local_node_url":"http://{{id}}","start_time":"t1","refresh_time":1}""");
        world.Answering.Remove(A);
        for (var i = 0; i < 4; i++)
        {
            foreach (var id in (string[])[B, C])
                world.Put(world.Keys.Node(id), $$"""{"local_node_url":"http://{{id}}","start_time":"t1","refresh_time":{{i + 2}}}""");
            world.Advance(10);
        }
        Assert.DoesNotContain(A, world.Owners);
        Assert.Contains(B, world.Owners);
    }

    private static World Cluster(params string[] nodes)
    {
        var world = new World(new MonitorOptions { MinNodes = nodes.Length }, buckets: 12);
        world.Proxy("p1");
        foreach (var node in nodes)
            world.Register(node);
        world.Settle();
        Assert.All(world.Owners, Assert.NotNull);
        return world;
    }
}
