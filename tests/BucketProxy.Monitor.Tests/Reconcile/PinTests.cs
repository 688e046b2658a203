using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Pinned bases move like buckets: DESIGN.md, "Pins".</summary>
public sealed class PinTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string Pin = "00aabbcc";

    [Fact]
    public void Pin_Wished_IsGrantedToItsOwnerFirstThenMoved()
    {
        var world = World();
        world.Quiet.Clear();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Settle();
        Assert.Equal(A, world.View.Pins[Parse(Pin)].Owner);
        Assert.Equal((A, B, Pin), (world.Move(0)!.From, world.Move(0)!.To, world.Move(0)!.Base));

        world.FallSilent("p1", 0);
        world.Settle();
        Assert.Equal(B, world.View.Pins[Parse(Pin)].Owner);
        Assert.Equal(A, world.Owner(0));
        var call = Assert.Single(world.Actions.OfType<CallReleaseAction>());
        Assert.Equal(Parse(Pin), call.Pin);
    }

    [Fact]
    public void Pin_TakenBack_MovesToItsBucketsOwnerAndIsDropped()
    {
        var world = World();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Advance(5);
        Assert.Equal(B, world.View.Pins[Parse(Pin)].Owner);
        world.Delete(world.Keys.PinPolicy(Parse(Pin)));
        world.Advance(5);
        Assert.Empty(world.View.Pins);
        Assert.Equal(2, world.Audit("move").Length);
    }

    [Fact]
    public void Pin_BucketMoves_PinStaysWhereItIs()
    {
        var world = World();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), A);
        world.Settle();
        world.Policy(A, new NodePolicy { Cordoned = true });
        world.Put(world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = "o1",
            Pending = [new PlannedMoveRecord("00", null, A, B, MoveReason.Balance)],
        }));
        world.Advance(5);
        Assert.Equal(B, world.Owner(0));
        Assert.Equal(A, world.View.Pins[Parse(Pin)].Owner);
    }

    [Fact]
    public void Pin_BucketIsMovingAlready_WaitsForIt()
    {
        var world = World();
        world.Quiet.Clear();
        world.Policy(A, new NodePolicy { Draining = true });
        world.Settle();
        Assert.Null(world.Move(0)!.Pin);
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Settle();
        Assert.Null(world.Move(0)!.Pin);
        Assert.Empty(world.View.Pins);
    }

    [Fact]
    public void Pin_OwnerLost_GoesWithItsBucketAndReturnsToTheNextRun()
    {
        var world = World();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Advance(5);
        world.Kill(B);
        world.Advance(20);
        Assert.Equal(A, world.View.Pins[Parse(Pin)].Owner);
        Assert.Equal(Pin, Assert.Single(world.View.Uncleans[world.Buckets[0]].Processes).Pin);

        // S9: the same process may not have it back; the next may.
        world.Register(B, "t1");
        world.Advance(20);
        Assert.Equal(A, world.View.Pins[Parse(Pin)].Owner);
        world.Register(B, "t2");
        world.Advance(20);
        Assert.Equal(B, world.View.Pins[Parse(Pin)].Owner);
    }

    [Fact]
    public void Pin_UnknownNode_IsAnAlarmAndNothingMoves()
    {
        var world = World();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), "dtable-server-nobody");
        world.Advance(5);
        Assert.Contains("not registered", world.Alarm(AlarmKind.MoveRefused)!.Message, StringComparison.Ordinal);
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Pin_ConfiguredAndNeverAssigned_GetsItsNodeAtOnce()
    {
        var world = new World(new MonitorOptions
        {
            MinNodes = 2,
            Placement = new PlacementOptions { Pins = [new PinOptions(Parse(Pin), B)] },
        });
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Options = world.Options with { MinNodes = 1 };
        world.Register(B);
        world.Settle();
        world.Register(A);
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        Assert.Equal(B, world.View.Pins[Parse(Pin)].Owner);
        Assert.Empty(world.Audit("move"));
    }

    // SeaTable's own servers watch assign-xx and nothing else: who moves a single base off one has two copies of it.
    [Theory]
    [InlineData(false, null, false)]
    [InlineData(true, null, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    public void Pin_OwnerReleasesByWatching_MovesOnlyIfTheOwnerFollowsPins(bool registration, bool? configured, bool moves)
    {
        var world = World(ReleaseMode.Watch, registration, configured);
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Advance(10);

        Assert.Equal(moves ? B : A, world.View.Pins[Parse(Pin)].Owner);
        Assert.Equal(!moves, world.Alarm(AlarmKind.MoveRefused) is not null);
        // Its bucket can go all the same.
        world.Policy(A, new NodePolicy { Draining = true });
        world.Advance(10);
        Assert.Equal(B, world.Owner(0));
    }

    // The owner came back without what it said before, in mid-move.
    [Fact]
    public void Pin_OwnerStopsFollowingPinsInMidMove_IsAborted()
    {
        var world = World(ReleaseMode.Watch, followsPins: true);
        world.Quiet.Clear();
        world.Put(world.Keys.PinPolicy(Parse(Pin)), B);
        world.Settle();
        Assert.NotNull(world.Move(0));
        world.Register(A, followsPins: false);
        world.FallSilent("p1", 0);
        world.Advance(10);
        Assert.Equal(A, world.View.Pins[Parse(Pin)].Owner);
        Assert.Contains("single bases", RecordJson.Write(Assert.Single(world.Audit("abort"))), StringComparison.Ordinal);
    }

    private static World World(ReleaseMode release = ReleaseMode.Call, bool followsPins = true, bool? configured = null)
    {
        var world = new World(new MonitorOptions
        {
            Nodes =
            [
                new NodeOptions { Id = A, LocalNodeUrl = "http://" + A, Register = false, Release = release, FollowsPins = configured },
                new NodeOptions { Id = B, LocalNodeUrl = "http://" + B, Register = false, Release = ReleaseMode.Call },
            ],
        }, buckets: 1);
        world.Proxy("p1");
        world.Register(A, followsPins: followsPins);
        world.Settle();
        world.Register(B);
        world.Settle();
        world.Releases[A] = null;
        world.Releases[B] = null;
        world.Actions.Clear();
        return world;
    }

    private static BasePrefix Parse(string text) =>
        BasePrefix.TryParse(text, out var pin) ? pin : throw new FormatException(text);
}
