using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>S9: a process that lost buckets without a release does not get them again, unless an operator says that it is gone.</summary>
public sealed class NoReturnTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";

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
        Assert.Equal([C, C, C, C], world.Owners);

        world.Policy(C, new NodePolicy { Draining = true });
        world.Advance(1);
        Assert.Equal([C, C, C, C], world.Owners);
        Assert.NotNull(world.Alarm(AlarmKind.MoveRefused));

        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(60);
        Assert.Equal([A, A, A, A], world.Owners);
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

    private static IReadOnlyList<string?> OwnersAfterReturn(string start, Mutations mutation)
    {
        var world = Lost("t1", mutation);
        world.Register(A, start);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Policy(C, new NodePolicy { Draining = true });
        world.Advance(60);
        return world.Owners;
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
        Assert.All(world.Owners, o => Assert.Equal(A, o));
        world.Kill(A);
        world.Advance(15);
        Assert.All(world.Owners, o => Assert.Equal(C, o));
        return world;
    }
}
