using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>A gate that does not own its server's process proves no death: losses go by the rules of nodes without a gate.</summary>
public sealed class UnsupervisedGateTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void Expiry_StillAnswers_IsSuspectAndKeepsItsBuckets()
    {
        var world = Cluster();
        world.GateLost(A);
        world.Advance(300);
        Assert.Equal(2, world.Owners.Count(o => o == A));
        Assert.Equal(A, world.Alarm(AlarmKind.SuspectNode)!.Subject);

        world.Mutations = Mutations.UnsupervisedIsSupervised;
        world.Settle();
        Assert.DoesNotContain(A, world.Owners);
    }

    [Fact]
    public void Expiry_NobodyAnswers_GoesAfterTheGraceAndIsWrittenDown()
    {
        var world = Cluster();
        world.Answering.Remove(A);
        world.GateLost(A);
        world.Advance(9.9);
        Assert.Equal(2, world.Owners.Count(o => o == A));
        world.Advance(5);
        Assert.DoesNotContain(A, world.Owners);
        Assert.Equal(2, world.View.Uncleans.Count);
        Assert.All(world.View.Moves.Values, m => Assert.Null(m.SettleSeconds));
    }

    [Fact]
    public void Exit_AsItSays_ProvesNothing()
    {
        var world = Cluster();
        world.Exits(A);
        world.Advance(60);
        Assert.Equal(2, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Exit_RegisteredAsSupervisedByAGateThatIsNot_ProvesNothing()
    {
        var world = new World(new MonitorOptions { MinNodes = 2 });
        world.Gated(A);
        world.Gated(B);
        world.Settle();
        world.Change(A, g => g with { Supervised = false, Exited = g.Incarnation });
        world.Advance(60);
        Assert.Equal(2, world.Owners.Count(o => o == A));
    }

    private static World Cluster()
    {
        var world = new World(new MonitorOptions { MinNodes = 2 });
        world.Gated(A, supervised: false);
        world.Gated(B, supervised: false);
        world.Settle();
        Assert.All(world.Owners, Assert.NotNull);
        return world;
    }
}
