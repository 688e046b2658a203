using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>First owners, static placement, and when nothing is decided.</summary>
public sealed class AssignmentTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void First_FewerNodesThanMinNodes_WaitsWithAnAlarm()
    {
        var world = new World(new MonitorOptions { MinNodes = 2 }, 256);
        world.Register(A);
        world.Settle();
        Assert.Empty(world.View.Assignments);
        Assert.Contains("1 of the 2", world.Alarm(AlarmKind.WaitingForNodes)!.Message, StringComparison.Ordinal);

        world.Register(B);
        world.Settle();
        Assert.Equal([128, 128], world.View.Assignments.Values.GroupBy(g => g.Owner).Select(g => g.Count()));
        Assert.Empty(world.View.Moves);
        Assert.Null(world.Alarm(AlarmKind.WaitingForNodes));
    }

    [Fact]
    public void First_NodeWithACapacity_GetsNoMoreThanThat()
    {
        var world = new World(
            new MonitorOptions { MinNodes = 2, Nodes = [new NodeOptions { Id = A, Register = false, Capacity = 100 }, new NodeOptions { Id = B, Register = false }] }, 256);
        world.Register(A);
        world.Register(B);
        world.Settle();
        Assert.Equal((100, 156), (world.View.Assignments.Values.Count(g => g.Owner == A), world.View.Assignments.Values.Count(g => g.Owner == B)));
    }

    [Fact]
    public void First_NodeNotYetWrittenDown_GetsNothingBeforeIt()
    {
        var world = new World();
        world.Register(A);
        world.BeforeWrite = write => !write.Subject.StartsWith("known/", StringComparison.Ordinal);
        world.Advance(0.5);
        Assert.Empty(world.View.Assignments);
        world.BeforeWrite = null;
        world.Advance(2);
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void First_SomebodyElseWasQuicker_ItsAssignmentStands()
    {
        var world = new World();
        world.Register(A);
        world.Register(B);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.BeforeWrite = write =>
        {
            if (write.Subject == "first/0" && world.Owner(0) is null)
                world.Assign(0, B);
            return true;
        };
        world.Advance(3);
        Assert.Equal(B, world.Owner(0));
        Assert.Equal(A, world.Owner(1));
    }

    [Fact]
    public void Join_NodeComes_NothingMovesByItself()
    {
        var world = new World(buckets: 8);
        world.Register(A);
        world.Settle();
        world.Register(B);
        world.Advance(600);
        Assert.All(Enumerable.Range(0, 8), b => Assert.Equal(A, world.Owner(b)));
    }

    [Fact]
    public void AutoRebalance_NodeComes_EvensOutWithTheFewestMoves()
    {
        var world = new World(new MonitorOptions { AutoRebalance = true, SettleTime = TimeSpan.Zero }, buckets: 256);
        world.Proxy("p1");
        world.Register(A);
        world.Settle();
        world.Register(B);
        world.Advance(60);
        Assert.Equal([128, 128], world.View.Assignments.Values.GroupBy(g => g.Owner).Select(g => g.Count()));
        Assert.Equal(128, world.Audit("move").Length);
        Assert.True(world.View.Rebalance!.Done);
    }

    [Fact]
    public void Static_ConfiguredOwnerAway_IsAssignedAllTheSameAndNeverFailsOver()
    {
        var world = new World(Split());
        world.Register(B);
        world.Answering.Add(B);
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        Assert.Equal(B, world.Owner(3));
        var alarm = world.Alarm(AlarmKind.UnknownOwner);
        Assert.Equal("unknown-owner dtable-server-a", alarm!.Name);
        Assert.Contains("assign-00 and 1 more keys name it as owner", alarm.Message, StringComparison.Ordinal);
        Assert.Null(world.Alarm(AlarmKind.UnreadableKey));

        world.Register(A);
        world.Settle();
        Assert.Null(world.Alarm(AlarmKind.UnknownOwner));
        world.Settle();
        world.Kill(A);
        world.Advance(3600);
        Assert.Equal(A, world.Owner(0));
        Assert.Empty(world.View.Uncleans);
        Assert.False(world.View.Policy.Frozen);
    }

    [Fact]
    public void Static_RangesChanged_BucketsMoveThereAsPlannedMoves()
    {
        var world = new World(Split());
        world.Proxy("p1");
        world.Register(A);
        world.Register(B);
        world.Settle();
        world.Options = Split(second: A);
        world.Advance(5);
        Assert.Equal(A, world.Owner(3));
        Assert.Equal(2, world.Audit("move").Length);
    }

    [Fact]
    public void NotAdopted_Store_NothingIsDecided()
    {
        var world = new World { NotAdopted = "its revision ran backwards" };
        world.Register(A);
        world.Advance(10);
        Assert.Empty(world.Actions);
        Assert.NotNull(world.Alarm(AlarmKind.StoreNotAdopted));
    }

    [Fact]
    public void Deposed_AnotherLeaderInTheView_NothingIsDecided()
    {
        var world = new World();
        world.Register(A);
        world.Put(world.Keys.Leader, """{"instance":"x"}""");
        world.Delete(world.Keys.Leader);
        Assert.True(world.Step().Deposed);
        Assert.Empty(world.Actions);
    }

    [Fact]
    public void Deposed_BetweenDecisionAndWrite_TheStoreRefusesEveryWrite()
    {
        Assert.False(Written(Mutations.None));
        Assert.True(Written(Mutations.WriteWithoutLeading));

        static bool Written(Mutations mutation)
        {
            var world = new World { Mutations = mutation };
            world.Register(A);
            world.Settle();
            world.Delete(world.Keys.Assignment(world.Buckets[0]));
            world.Lead("monitor-1");
            world.BeforeWrite = write =>
            {
                if (world.View.Leader!.Instance == "monitor-1")
                {
                    world.Delete(world.Keys.Leader);
                    world.Put(world.Keys.Leader, """{"instance":"monitor-2"}""");
                }
                return true;
            };
            world.Step();
            return world.Owner(0) is not null;
        }
    }

    [Fact]
    public void Waiting_ViewOlderThanTheLastWrite_DecidesNothing()
    {
        var world = new World();
        world.Register(A);
        world.State = world.State with { SeenRevision = world.Store.Revision + 1 };
        Assert.True(world.Step().Waiting);
        Assert.Empty(world.Actions);
    }

    private static MonitorOptions Split(string second = B) => new()
    {
        Nodes =
        [
            new NodeOptions { Id = A, LocalNodeUrl = "http://" + A, Register = false },
            new NodeOptions { Id = B, LocalNodeUrl = "http://" + B, Register = false },
        ],
        Placement = new PlacementOptions
        {
            Mode = PlacementMode.Static,
            Ranges =
            [
                new StaticRange(new Bucket(0), new Bucket(1), A), new StaticRange(new Bucket(2), new Bucket(255), second),
            ],
        },
    };
}
