using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>What others write into <c>assign-xx</c>, and two nodes that register under one id.</summary>
public sealed class ForeignWriterTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void Foreign_OwnerChanged_IsReportedAndTheLossWrittenDown()
    {
        var world = Two();
        world.Assign(0, B);
        world.Settle();
        Assert.Equal("assign-00", world.Alarm(AlarmKind.ForeignWriter)!.Subject);
        Assert.Equal(B, world.Owner(0));
        Assert.Equal(A, Assert.Single(world.View.Uncleans[world.Buckets[0]].Processes).NodeId);
        world.Advance(660);
        Assert.Null(world.Alarm(AlarmKind.ForeignWriter));
    }

    [Fact]
    public void Foreign_OwnGrants_AreNotReported()
    {
        var world = Two();
        world.Proxy("p1");
        world.Policy(A, new NodePolicy { Draining = true });
        world.Policy(B, new NodePolicy());
        world.Advance(30);
        Assert.Equal(B, world.Owner(0));
        Assert.Null(world.Alarm(AlarmKind.ForeignWriter));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Foreign_KeyDeleted_GoesBackToWhoHeldIt()
    {
        var world = Two();
        world.Policy(A, new NodePolicy { Cordoned = true });
        world.Policy(B, new NodePolicy());
        world.Settle();
        world.Delete(world.Keys.Assignment(world.Buckets[0]));
        world.Settle();
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Foreign_OwnerThatDoesNotExist_GivesWayToWhoHeldIt()
    {
        var world = Two();
        world.Assign(0, "dtable-server-typo");
        world.Advance(30);
        Assert.Equal(A, world.Owner(0));
        Assert.Empty(world.View.Uncleans);
    }

    [Fact]
    public void Foreign_OwnerThatComesWhileTheBucketIsTakenBack_KeepsIt()
    {
        var world = Two();
        world.Assign(0, "dtable-server-late");
        world.BeforeWrite = write =>
        {
            // S2: from here on proxies open the bucket to it.
            if (write.Subject == "unclean/00" && !world.View.Nodes.ContainsKey("dtable-server-late"))
                world.Register("dtable-server-late");
            return true;
        };
        world.Advance(30);
        Assert.Equal("dtable-server-late", world.Owner(0));
        Assert.Equal(A, Assert.Single(world.View.Uncleans[world.Buckets[0]].Processes).NodeId);
    }

    [Fact]
    public void Foreign_GrantWrittenOverUnseen_GivesWayToWhoWasGrantedIt()
    {
        var world = Two();
        world.Proxy("p1");
        world.Policy(A, new NodePolicy { Draining = true });
        world.Policy(B, new NodePolicy());
        while (world.Owner(0) != B)
            world.Step();
        world.Policy(A, new NodePolicy { Cordoned = true });
        world.Assign(0, "dtable-server-typo");
        world.Advance(30);
        Assert.Equal(B, world.Owner(0));
    }

    [Fact]
    public void Foreign_InMidMove_AbortsTheMove()
    {
        var world = Two();
        world.Proxy("p1", quiet: false);
        world.Policy(A, new NodePolicy { Draining = true });
        world.Policy(B, new NodePolicy());
        world.Settle();
        Assert.NotNull(world.Move(0));
        world.Assign(0, B);
        world.Settle();
        Assert.Null(world.Move(0));
    }

    [Fact]
    public void TwoNodesOneId_RunsTakeTurns_IsReportedAndGetsNothingMore()
    {
        var world = Two();
        world.Register(B, "t1", "http://other");
        world.Settle();
        world.Register(B, "t1", "http://" + B);
        world.Settle();
        world.Policy(A, new NodePolicy { Draining = true });
        world.Policy(B, new NodePolicy());
        world.Advance(5);
        Assert.Equal(B, world.Alarm(AlarmKind.TwoNodesOneId)!.Subject);
        Assert.Equal(A, world.Owner(0));
    }

    private static World Two()
    {
        var world = new World();
        world.Register(A);
        world.Register(B);
        world.Policy(B, new NodePolicy { Cordoned = true });
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        return world;
    }
}
