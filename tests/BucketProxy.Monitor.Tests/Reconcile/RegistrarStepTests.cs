using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

public sealed class RegistrarStepTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void Run_NodeAnswers_IsRegisteredAndMarked()
    {
        var world = World();
        world.Advance(5);
        Assert.Empty(world.View.Nodes);
        world.Answering.Add(A);
        world.Advance(3);
        var node = world.View.Nodes[A];
        Assert.True(node.RegisteredByUs);
        Assert.Equal(("http://" + A, "https://" + A), (node.LocalUrlText, node.NodeUrl));
        Assert.False(world.View.Nodes.ContainsKey(B));
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Run_NodeAnswersForTheFirstTime_IsNoSuspect()
    {
        var world = World();
        world.Answering.Add(A);
        for (var i = 0; i < 20 && !world.View.Nodes.ContainsKey(A); i++)
        {
            Assert.DoesNotContain(world.Step().Alarms, alarm => alarm.Kind == AlarmKind.SuspectNode);
        }
        Assert.True(world.View.Nodes.ContainsKey(A));
    }

    [Fact]
    public void Run_NoAnswerFor90Seconds_RegistrationGoesAndSoDoItsBuckets()
    {
        var world = World();
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        Assert.Contains(A, Owners(world));
        world.Answering.Remove(A);
        world.Advance(89);
        Assert.True(world.View.Nodes.ContainsKey(A));
        world.Advance(6);
        Assert.False(world.View.Nodes.ContainsKey(A));
        Assert.DoesNotContain(A, Owners(world));
    }

    [Fact]
    public void Run_OneAnswerInBetween_CountsAnew()
    {
        var world = World();
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        world.Answering.Remove(A);
        world.Advance(80);
        world.Answering.Add(A);
        world.Advance(3);
        world.Answering.Remove(A);
        world.Advance(80);
        Assert.True(world.View.Nodes.ContainsKey(A));
    }

    [Fact]
    public void Run_NewLeader_CountsAnew()
    {
        var world = World();
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        world.Answering.Remove(A);
        world.Advance(80);
        world.Lead("monitor-2");
        world.Advance(80);
        Assert.True(world.View.Nodes.ContainsKey(A));
        world.Advance(15);
        Assert.False(world.View.Nodes.ContainsKey(A));
    }

    [Fact]
    public void Run_StaticPlacement_RegistrationStays()
    {
        var world = World(new PlacementOptions
        {
            Mode = PlacementMode.Static,
            Ranges = [new StaticRange(new Bucket(0), new Bucket(1), A), new StaticRange(new Bucket(2), new Bucket(255), B)],
        });
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        world.Answering.Remove(A);
        world.Advance(3600);
        Assert.True(world.View.Nodes.ContainsKey(A));
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Run_RegisteredItself_IsLeftAloneAndADifferentAddressIsAnAlarm()
    {
        var world = World();
        world.Register(A, "t1", "http://elsewhere");
        world.Answering.Remove(A);
        world.Advance(300);
        Assert.False(world.View.Nodes[A].RegisteredByUs);
        Assert.Equal(A, world.Alarm(AlarmKind.TwoNodesOneId)!.Subject);
    }

    [Fact]
    public void Run_ConfiguredAtAnotherAddress_IsRegisteredAnew()
    {
        var world = World();
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        world.Options = world.Options with
        {
            Nodes = [world.Options.Nodes[0] with { LocalNodeUrl = "http://moved" }, world.Options.Nodes[1]],
        };
        world.Advance(3);
        Assert.Equal("http://moved", world.View.Nodes[A].LocalUrlText);
        Assert.Equal("http://moved", world.View.KnownNodes[A].LocalUrl);
        Assert.Contains(A, Owners(world));
    }

    [Fact]
    public void Release_RegisteredByUs_DefaultsToNone()
    {
        var world = World();
        world.Proxy("p1");
        world.Answering.UnionWith([A, B]);
        world.Advance(3);
        world.Policy(A, new NodePolicy { Draining = true });
        world.Advance(30);
        Assert.Contains(A, Owners(world));
        Assert.Contains("release mode none", world.Alarm(AlarmKind.MoveRefused)!.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Owners(World world) => Enumerable.Range(0, 4).Select(world.Owner);

    private static World World(PlacementOptions? placement = null) => new(new MonitorOptions
    {
        Nodes =
        [
            new NodeOptions { Id = A, LocalNodeUrl = "http://" + A, NodeUrl = "https://" + A },
            new NodeOptions { Id = B, LocalNodeUrl = "http://" + B },
        ],
        Placement = placement ?? new(),
    });
}
