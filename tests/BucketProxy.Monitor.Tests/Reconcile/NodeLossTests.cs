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
        Assert.Contains(A, Owners(world));

        world.Advance(3);
        Assert.DoesNotContain(A, Owners(world));
        Assert.Equal((6, 6), (Owners(world).Count(o => o == B), Owners(world).Count(o => o == C)));
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
        Assert.Equal(4, Owners(world).Count(o => o == A));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Loss_StillAnswers_IsSuspectAndKeepsItsBuckets()
    {
        var world = Cluster(A, B, C);
        world.Delete(world.Keys.Node(A));
        world.Advance(300);
        Assert.Equal(4, Owners(world).Count(o => o == A));
        Assert.Equal(A, world.Alarm(AlarmKind.SuspectNode)!.Subject);

        world.Mutations = Mutations.SuspectIsDead;
        world.Advance(1);
        Assert.DoesNotContain(A, Owners(world));
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
        Assert.DoesNotContain(A, Owners(world));
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
        Assert.Equal(4, Owners(world).Count(o => o == A));
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
        Assert.Equal(4, Owners(world).Count(o => o == A));
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
        Assert.DoesNotContain(A, Owners(world));
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Loss_IgnoredOrphans_StayWithoutOwner()
    {
        var world = Cluster(A, B, C);
        world.Mutations = Mutations.IgnoreOrphans;
        world.Kill(A);
        world.Advance(60);
        Assert.Contains(A, Owners(world));
    }

    [Fact]
    public void NoReturn_SameProcess_NeverGetsItBack()
    {
        Assert.Equal([C, C, C, C], OwnersAfterReturn("t1", Mutations.None));
        Assert.Equal([A, A, A, A], OwnersAfterReturn("t1", Mutations.AllowReturn));
        Assert.Equal([A, A, A, A], OwnersAfterReturn("t1", Mutations.ForgetUnclean));
    }

    [Fact]
    public void NoReturn_NewProcess_MayGetItBack() => Assert.Equal([A, A, A, A], OwnersAfterReturn("t2", Mutations.None));

    [Fact]
    public void NoReturn_NoStartTime_NeedsAnOperatorsWord()
    {
        var world = Lost(null, Mutations.None);
        world.Register(A, null);
        world.Policy(B, new NodePolicy { Draining = true });
        world.Advance(10);
        Assert.Equal([C, C, C, C], Owners(world));

        world.Policy(C, new NodePolicy { Draining = true });
        world.Advance(1);
        Assert.Equal([C, C, C, C], Owners(world));
        Assert.NotNull(world.Alarm(AlarmKind.MoveRefused));

        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(60);
        Assert.Equal([A, A, A, A], Owners(world));
        Assert.Empty(world.View.Uncleans);
        Assert.Null(world.View.NodePolicies[A].ProcessGone);
    }

    [Fact]
    public void ProcessGone_RunsRightNow_EvidenceBeatsTheWord()
    {
        var world = Lost("t1", Mutations.None);
        world.Register(A, "t1");
        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(5);
        Assert.Equal(4, world.View.Uncleans.Count);
        Assert.Null(world.View.NodePolicies[A].ProcessGone);
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
        Assert.DoesNotContain(A, Owners(world));
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
        Assert.All(Owners(world), o => Assert.Equal(A, o));
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
        Assert.Equal(3, Owners(world).Count(o => o == A));
        Assert.True(world.View.Policy.Frozen);
        Assert.Contains("2 of 4", world.Alarm(AlarmKind.Frozen)!.Message, StringComparison.Ordinal);

        // A new leader does not begin to count anew.
        world.Lead("monitor-2");
        world.Advance(30);
        Assert.Contains(A, Owners(world));

        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [A, B] }));
        world.Advance(20);
        Assert.DoesNotContain(A, Owners(world));
        Assert.DoesNotContain(B, Owners(world));
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
        Assert.Equal(3, Owners(world).Count(o => o == A));
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
        Assert.Equal((4, 8), (Owners(world).Count(o => o == B), Owners(world).Count(o => o == C)));
    }

    [Fact]
    public void MassLoss_OneAfterTheOtherWithFailoverBetween_Freezes()
    {
        var world = Cluster(A, B, C, D);
        world.Kill(A);
        world.Advance(30);
        Assert.DoesNotContain(A, Owners(world));
        world.Kill(B);
        world.Advance(30);
        Assert.True(world.View.Policy.Frozen);
        Assert.Contains(B, Owners(world));
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
        Assert.DoesNotContain(B, Owners(world));
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
        Assert.DoesNotContain(A, Owners(world));
        Assert.Contains(B, Owners(world));
    }

    private static IReadOnlyList<string?> OwnersAfterReturn(string start, Mutations mutation)
    {
        var world = Lost("t1", mutation);
        world.Register(A, start);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Policy(C, new NodePolicy { Draining = true });
        world.Advance(60);
        return Owners(world);
    }

    /// <summary>Four buckets that A had, and lost without a release to C.</summary>
    private static World Lost(string? start, Mutations mutation)
    {
        var world = new World(buckets: 4) { Mutations = mutation };
        world.Proxy("p1");
        world.Register(A, start);
        world.Settle();
        world.Register(B);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Register(C);
        world.Settle();
        Assert.All(Owners(world), o => Assert.Equal(A, o));
        world.Kill(A);
        world.Advance(15);
        Assert.All(Owners(world), o => Assert.Equal(C, o));
        return world;
    }

    private static World Cluster(params string[] nodes)
    {
        var world = new World(new MonitorOptions { MinNodes = nodes.Length }, buckets: 12);
        world.Proxy("p1");
        foreach (var node in nodes)
            world.Register(node);
        world.Settle();
        Assert.All(Owners(world), Assert.NotNull);
        return world;
    }

    private static IReadOnlyList<string?> Owners(World world) => [.. world.Buckets.Select(b => world.Owner(b.Index))];
}
