using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Only a gate registers the server behind it.</summary>
public sealed class GatedRegistrationTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void Configured_GateIsThere_IsNotRegistered()
    {
        var world = World();
        world.GateComes(A);
        world.Answering.Add(A);
        world.Advance(10);
        Assert.Empty(world.View.Nodes);
        Assert.Contains("is behind a gate", world.Alarm(AlarmKind.GateContradicted)!.Message, StringComparison.Ordinal);

        world.Mutations = Mutations.RegisterGated;
        world.Advance(3);
        Assert.True(world.View.Nodes[A].RegisteredByUs);
    }

    [Fact]
    public void Configured_GateComesBetweenDecisionAndWrite_IsNotRegistered()
    {
        var world = World();
        world.BeforeWrite = write =>
        {
            if (write.Subject == "node/" + A && !world.View.Gates.ContainsKey(A))
                world.GateComes(A);
            return true;
        };
        world.Answering.Add(A);
        world.Advance(10);
        Assert.Single(world.View.Gates);
        Assert.Empty(world.View.Nodes);
    }

    [Fact]
    public void Configured_WasBehindAGate_IsRegisteredOnlyOnAnOperatorsWord()
    {
        var world = World();
        world.Gated(A);
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        world.GateLost(A);
        world.Advance(100);
        Assert.Empty(world.View.Nodes);
        Assert.Contains("gone", world.Alarm(AlarmKind.GateContradicted)!.WhatToDo, StringComparison.Ordinal);

        world.Policy(A, new NodePolicy { ProcessGone = "*" });
        world.Advance(5);
        Assert.True(world.View.Nodes[A].RegisteredByUs);
        Assert.Equal(GateKind.None, world.View.KnownNodes[A].Gate);
        Assert.Null(world.View.NodePolicies[A].ProcessGone);
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Configured_RegisteredByItsGate_IsNeitherChangedNorRemoved()
    {
        var world = World("http://elsewhere");
        world.Gated(A);
        world.Advance(3);
        world.Answering.Remove(A);
        world.Advance(300);
        Assert.Equal((GateKind.Supervised, "http://" + A), (world.View.Nodes[A].Gate, world.View.Nodes[A].LocalUrlText));
        Assert.Null(world.Alarm(AlarmKind.TwoNodesOneId));
        Assert.NotNull(world.Alarm(AlarmKind.GateContradicted));
    }

    [Fact]
    public void RegisteredByUs_GateComes_IsReplacedByTheGatesRegistration()
    {
        var world = World();
        world.Answering.Add(A);
        world.Advance(3);
        Assert.True(world.View.Nodes[A].RegisteredByUs);
        world.GateComes(A);
        world.Advance(3);
        Assert.Contains("past it", world.Alarm(AlarmKind.GateContradicted)!.Message, StringComparison.Ordinal);
        world.ServerRuns(A, "t2");
        world.Settle();
        Assert.Equal((GateKind.Supervised, false), (world.View.KnownNodes[A].Gate, world.View.Nodes[A].RegisteredByUs));
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void RegisteredPastItsGate_GetsNothingMore_AndItsLossGoesByTheOldRules()
    {
        var world = new World(new MonitorOptions { MinNodes = 2 });
        world.GateComes(A);
        world.ServerRuns(A);
        world.Register(B);
        world.Settle();
        world.Register(A, "t2", "http://server-a");
        world.Settle();
        Assert.Contains("past it", world.Alarm(AlarmKind.GateContradicted)!.Message, StringComparison.Ordinal);
        world.Kill(B);
        world.Advance(30);
        Assert.Equal(2, world.Owners.Count(o => o == B));

        world.GateLost(A);
        world.Answering.Add(A);
        world.Advance(60);
        Assert.Equal(A, world.Alarm(AlarmKind.SuspectNode)!.Subject);
        Assert.Equal(2, world.Owners.Count(o => o == A));
    }

    [Fact]
    public void Gate_WithoutAnyServer_IsAnAlarmAfterTheGrace()
    {
        var world = new World();
        world.GateComes(A);
        world.Advance(9.9);
        Assert.Null(world.Alarm(AlarmKind.GateWithoutServer));
        world.Advance(0.2);
        Assert.Equal(A, world.Alarm(AlarmKind.GateWithoutServer)!.Subject);
    }

    private static World World(string url = "http://" + A) =>
        new(new MonitorOptions { Nodes = [new NodeOptions { Id = A, LocalNodeUrl = url }] });
}
