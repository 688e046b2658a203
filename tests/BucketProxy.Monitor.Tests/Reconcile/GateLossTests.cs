using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>G8, G9: a server behind a supervised gate dies, or its gate does.</summary>
public sealed class GateLossTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";

    [Fact]
    public void Exit_RegistrationStands_OrphansAreGrantedAtOnceAndNothingIsUnclean()
    {
        var world = Cluster();
        world.Proxy("busy", quiet: false);
        world.Exits(A);
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
        Assert.All(world.View.Moves.Values, m => Assert.Equal((MovePhase.Settling, Gates.LateSave), (m.Phase, m.SettleSeconds)));
        Assert.Empty(world.View.Uncleans);
        Assert.DoesNotContain(world.Actions, a => a is ListProxiesAction);
    }

    [Fact]
    public void Expiry_OrphansAreGrantedAtOnceThoughSomethingStillAnswers()
    {
        var world = Cluster();
        world.GateLost(A);
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
        Assert.All(world.View.Moves.Values, m => Assert.Equal(Gates.LateSave, m.SettleSeconds));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Expiry_SeenOnlyByANewLeader_IsDeathAsWell()
    {
        var world = Cluster();
        world.GateLost(A);
        world.Lead("monitor-2");
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
    }

    [Fact]
    public void Grant_ByLoss_OpensOnlyWhenNoSaveCanLandAnyMore()
    {
        var world = Cluster();
        world.Exits(A);
        world.Settle();
        world.Advance(2.9);
        Assert.NotEmpty(world.View.Moves);
        world.Advance(0.2);
        Assert.Empty(world.View.Moves);

        var mutant = Cluster();
        mutant.Mutations = Mutations.OpenWithoutLateSave;
        mutant.Exits(A);
        mutant.Settle();
        Assert.Empty(mutant.View.Moves);
    }

    [Fact]
    public void Settling_NewLeader_WaitsTheWholeTimeAgain()
    {
        var world = Cluster();
        world.GateLost(A);
        world.Advance(2.9);
        world.Lead("monitor-2");
        world.Advance(2.9);
        Assert.NotEmpty(world.View.Moves);
        world.Advance(0.2);
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Settling_GateNeverSaidHowLong_TakesTheOption()
    {
        var world = Cluster(new MonitorOptions { LateSaveTime = TimeSpan.FromSeconds(7) });
        world.GateLost(A);
        world.Put(world.Keys.KnownNode(A), RecordJson.Write(world.View.KnownNodes[A] with { LateSaveSeconds = null }));
        world.Settle();
        Assert.All(world.View.Moves.Values, m => Assert.Equal(7, m.SettleSeconds));
    }

    [Fact]
    public void Exit_NewRunBetweenDecisionAndGrant_TheStoreRefusesTheGrant()
    {
        var world = Cluster();
        RunsAgainBeforeTheGrant(world);
        world.Exits(A);
        world.Settle();
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Empty(world.View.Moves);

        var mutant = Cluster();
        mutant.Mutations = Mutations.GrantBlindlyAfterLoss;
        RunsAgainBeforeTheGrant(mutant);
        mutant.Exits(A);
        mutant.Settle();
        Assert.NotEqual(4, mutant.Owners.Count(o => o == A));

        static void RunsAgainBeforeTheGrant(World world) => world.BeforeWrite = write =>
        {
            if (Gates.Grants(world, write) && world.View.Gates[A].HasExited)
                world.ServerRuns(A, "t2");
            return true;
        };
    }

    [Fact]
    public void Expiry_GateIsBackBetweenDecisionAndGrant_TheStoreRefusesTheGrant()
    {
        var world = Cluster();
        IsBackBeforeTheGrant(world);
        world.GateLost(A);
        world.Settle();
        Assert.Equal(4, world.Owners.Count(o => o == A));

        var mutant = Cluster();
        mutant.Mutations = Mutations.GrantBlindlyAfterLoss;
        IsBackBeforeTheGrant(mutant);
        mutant.GateLost(A);
        mutant.Settle();
        Assert.NotEqual(4, mutant.Owners.Count(o => o == A));

        static void IsBackBeforeTheGrant(World world) => world.BeforeWrite = write =>
        {
            if (Gates.Grants(world, write) && !world.View.Gates.ContainsKey(A))
            {
                world.GateComes(A);
                world.ServerRuns(A, "t2");
            }
            return true;
        };
    }

    [Fact]
    public void Exit_NewRunIsThereFirst_TheMoveIsAbortedAndItKeepsItsBuckets()
    {
        var world = Cluster();
        world.BeforeWrite = write => !Gates.Grants(world, write);
        world.Exits(A);
        world.Settle();
        Assert.NotEmpty(world.View.Moves);
        world.BeforeWrite = null;
        world.ServerRuns(A, "t2");
        world.Settle();
        Assert.Empty(world.View.Moves);
        Assert.Equal(4, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Exit_OfTheLastOne_WaitsWithAnAlarmAndItsNextRunKeepsEverything()
    {
        var world = Cluster(nodes: A);
        world.Exits(A);
        world.Advance(30);
        Assert.NotNull(world.Alarm(AlarmKind.NoOwner));
        Assert.Equal(A, world.Alarm(AlarmKind.GateWithoutServer)!.Subject);
        world.ServerRuns(A, "t2");
        world.Settle();
        Assert.All(world.Owners, o => Assert.Equal(A, o));
        Assert.Null(world.Alarm(AlarmKind.NoOwner));
        Assert.Null(world.Alarm(AlarmKind.GateWithoutServer));
    }

    [Fact]
    public void Exit_OfATaker_GetsNothingMeanwhile()
    {
        var world = Cluster();
        world.Exits(B);
        world.Settle();
        world.GateLost(A);
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [A, B] }));
        world.Advance(10);
        Assert.All(world.Owners, o => Assert.Equal(C, o));
    }

    [Fact]
    public void Expiry_InMidMove_GoesOnAsALoss()
    {
        var world = Cluster();
        world.Policy(A, new NodePolicy { Draining = true });
        world.Settle();
        Assert.All(world.View.Moves.Values, m => Assert.Equal(MovePhase.Quiesce, m.Phase));
        world.GateLost(A);
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
        Assert.All(world.View.Moves.Values, m => Assert.Equal(Gates.LateSave, m.SettleSeconds));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Restart_Planned_IsNoLossButGetsNothing()
    {
        var world = Cluster();
        world.Answering.Remove(A);
        world.Change(A, g => g with { Incarnation = null });
        world.GateLost(B);
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Equal(8, world.Owners.Count(o => o == C));
        Assert.Equal(A, world.Alarm(AlarmKind.GateWithoutServer)!.Subject);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(1e300)]
    public void Settling_SenselessTime_StopsNothing(double seconds)
    {
        var world = Cluster();
        world.Change(A, g => g with { LateSaveSeconds = seconds });
        world.Settle();
        world.Exits(A);
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
        world.Advance(3601);
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void RefreshTime_BehindAGate_DoesNotCount()
    {
        var world = Cluster(new MonitorOptions { RefreshTimeout = TimeSpan.FromSeconds(20) });
        world.Advance(60);
        Assert.Equal(4, world.Owners.Count(o => o == A));
        Assert.Equal("live", world.View.Report!.Nodes[A]);
    }

    [Fact]
    public void Foreign_TakesABucketFromADeadServer_NothingIsUnclean()
    {
        var world = Cluster(nodes: A);
        world.Register(B);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Settle();
        world.Exits(A);
        world.Settle();
        world.Assign(0, B);
        world.Settle();
        Assert.NotNull(world.Alarm(AlarmKind.ForeignWriter));
        Assert.False(world.View.Policy.Frozen);
        Assert.Empty(world.View.Uncleans);
    }

    private static World Cluster(MonitorOptions? options = null, params string[] nodes)
    {
        nodes = nodes.Length == 0 ? [A, B, C] : nodes;
        var world = new World((options ?? new MonitorOptions()) with { MinNodes = nodes.Length }, buckets: 4 * nodes.Length);
        foreach (var node in nodes)
            world.Gated(node);
        world.Settle();
        Assert.All(world.Owners, Assert.NotNull);
        world.Actions.Clear();
        return world;
    }
}
