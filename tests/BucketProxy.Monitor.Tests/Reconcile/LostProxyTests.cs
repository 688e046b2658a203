using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Lost proxies and planned moves: DESIGN.md, "A lost proxy".</summary>
public sealed class LostProxyTests
{
    private const string A = "dtable-server-a";
    private const string T = "dtable-server-t";

    [Fact]
    public void Serve_Lost_BlocksPlannedMovesUntilForgotten()
    {
        var world = World(StoreLossMode.Serve);
        world.LoseProxy("p2");
        Drain(world);
        world.Advance(600);
        Assert.Equal(A, world.Owner(0));
        Assert.Null(world.Move(0));
        Assert.Equal("p2", world.Alarm(AlarmKind.BlockingProxy)!.Subject);

        world.Delete(world.Keys.Proxy("p2"));
        world.Advance(1);
        Assert.Equal(T, world.Owner(0));
        Assert.Null(world.Alarm(AlarmKind.BlockingProxy));
    }

    [Fact]
    public void Serve_LostInMidMove_AbortsAndBlocks()
    {
        Assert.Equal(A, Owner(Mutations.None));
        Assert.Equal(T, Owner(Mutations.LostProxyIsSilent));

        static string? Owner(Mutations mutation)
        {
            var world = World(StoreLossMode.Serve);
            world.Mutations = mutation;
            world.Quiet.Remove("p2");
            Drain(world);
            world.Settle();
            world.LoseProxy("p2");
            world.Advance(30);
            return world.Owner(0);
        }
    }

    [Fact]
    public void Serve_Left_DoesNotBlock()
    {
        var world = World(StoreLossMode.Serve);
        world.LoseProxy("p2");
        world.Put(world.Keys.Proxy("p2"), RecordJson.Write(new ProxyRecord { Left = true }));
        Drain(world);
        world.Advance(1);
        Assert.Equal(T, world.Owner(0));
        Assert.Null(world.Alarm(AlarmKind.BlockingProxy));
    }

    [Fact]
    public void Fence_Lost_CountsAsSilentAWholeTimeToLiveLater()
    {
        var world = World(StoreLossMode.Fence);
        world.LoseProxy("p2");
        Drain(world);
        world.Advance(9.9);
        Assert.Equal(A, world.Owner(0));
        world.Advance(0.2);
        Assert.Equal(T, world.Owner(0));

        var mutant = World(StoreLossMode.Fence);
        mutant.Mutations = Mutations.FencedAtOnce;
        mutant.LoseProxy("p2");
        Drain(mutant);
        mutant.Advance(0.1);
        Assert.Equal(T, mutant.Owner(0));
    }

    [Fact]
    public void Fence_LostAndItsTimeToLiveIsUnknown_NeverCountsAsSilent()
    {
        var world = World(StoreLossMode.Fence);
        world.LoseProxy("p2");
        world.Put(world.Keys.Proxy("p2"), RecordJson.Write(new ProxyRecord { OnStoreLoss = StoreLossMode.Fence }));
        Drain(world);
        world.Advance(60);
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Fence_LostAndNewLeader_CountsTheWholeTimeAnew()
    {
        var world = World(StoreLossMode.Fence);
        world.LoseProxy("p2");
        Drain(world);
        world.Advance(9);
        world.Lead("monitor-2");
        world.Advance(9.5);
        Assert.Equal(A, world.Owner(0));
        world.Advance(1);
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Fence_BackBeforeTheGrant_MustFallSilentItself()
    {
        var world = World(StoreLossMode.Fence);
        world.Releases.Clear();
        world.LoseProxy("p2");
        world.Advance(11);
        Drain(world);
        world.Advance(1);
        Assert.Equal(MovePhase.Release, world.Move(0)!.Phase);

        // S3: it is alive again, and what it has in flight is unknown.
        world.Put(world.Keys.Alive("p2"), "");
        world.Advance(0.5);
        world.Releases[A] = null;
        world.State = world.State with
        {
            Moves = world.State.Moves.SetItem(world.Buckets[0], world.State.Moves[world.Buckets[0]] with { Release = ReleaseStep.Done }),
        };
        world.Advance(1);
        Assert.Equal(A, world.Owner(0));
        world.FallSilent("p2", 0);
        world.Advance(1);
        Assert.Equal(T, world.Owner(0));
    }

    private static World World(StoreLossMode mode)
    {
        var world = new World(new MonitorOptions
        {
            Nodes = [new NodeOptions { Id = A, LocalNodeUrl = "http://" + A, Register = false, Release = ReleaseMode.Call }],
        }, buckets: 1);
        world.Register(A);
        world.Assign(0, A);
        world.Proxy("p1");
        world.Proxy("p2", mode);
        world.Settle();
        world.Register(T);
        world.Settle();
        world.Releases[A] = null;
        return world;
    }

    private static void Drain(World world) => world.Policy(A, new NodePolicy { Draining = true });
}
