using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Gating;
using Microsoft.Extensions.Logging.Abstractions;
using static BucketProxy.Gateway.Tests.Gating.GateFixture;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>A gate over a store, with a server that starts, dies, lets go and does not obey.</summary>
public class GateAgentTests
{
    [Fact]
    public async Task Start_RegistersStartsPublishesAndOpens()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();

        var node = await gate.NodeAsync();
        Assert.Equal((GateKind.Supervised, "http://one:5551", "https://one.example.com"), (node!.Gate, node.LocalUrlText, node.NodeUrl));
        Assert.NotNull(node.StartTime);
        Assert.Equal("run1", (await gate.RecordAsync())!.Incarnation);
        // Both end with one lease.
        Assert.Equal((await gate.GetAsync(Keys.Gate(Node)))!.LeaseId, (await gate.GetAsync(Keys.Node(Node)))!.LeaseId);
        Assert.Equal(("http://127.0.0.1:5000", "run1"), (gate.Entry.Owner!.LocalUrlText, gate.Entry.Owner.Incarnation));
    }

    [Fact]
    public async Task ServerDies_SaysSoClosesAndPublishesAnotherRun()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var before = (await gate.NodeAsync())!.StartTime;
        gate.Server.Answers = false;
        gate.Server.Run!.Die();
        await gate.UntilAsync(async () => (await gate.RecordAsync())!.HasExited);
        await gate.UntilAsync(() => gate.Entry.State == EntryState.Unassigned);

        gate.Server.Answers = true;
        await gate.UntilAsync(() => gate.IsOpen && gate.Entry.Owner!.Incarnation == "run2");
        Assert.NotEqual(before, (await gate.NodeAsync())!.StartTime);
        // G2: nothing reaches the second run over what was opened to the first.
        Assert.Equal(["start run1", "retire run1", "start run2"], gate.Server.Story);
    }

    [Fact]
    public async Task StoreAway_ClosesAndSavesBeforeTheLeaseCanEnd_AndComesBack()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var run = gate.Server.Run!;
        gate.Store.Partition();
        await gate.UntilAsync(() => run.Ended.IsCompleted);
        Assert.False(gate.IsOpen);
        Assert.True((await run.Ended).HasSaved);
        Assert.True(gate.Agent.LeaseRemaining > gate.Agent.State.Written!.LeaseSeconds * TimeSpan.FromSeconds(0.05), "it had its time");
        Assert.NotNull(await gate.RecordAsync());

        gate.Store.Heal();
        await gate.UntilAsync(() => gate.IsOpen);
        Assert.NotEqual("run1", (await gate.RecordAsync())!.Incarnation);
    }

    [Fact]
    public async Task StoreAway_AndTheServerDoesNotObey_IsKilledWhileTheKeyStillStands()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        gate.Server.Obeys = false;
        var run = gate.Server.Run!;
        gate.Store.Partition();
        await gate.UntilAsync(async () =>
        {
            // G4: nobody is granted anything while it lives.
            Assert.True(run.Ended.IsCompleted || await gate.RecordAsync() is not null);
            return run.Ended.IsCompleted;
        });
        Assert.Contains("kill run1", gate.Server.Story);
    }

    [Fact]
    public async Task Renewals_ExtendTheServersLife_AndNothingElseDoes()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var run = gate.Server.Run!;
        var (at, left) = (run.KilledAt, gate.Agent.LeaseRemaining);
        await gate.UntilAsync(() => run.KilledAt > at);
        gate.Store.Partition();
        gate.Server.Obeys = false;
        var last = run.KilledAt;
        await gate.UntilAsync(() => run.IsOverdue || run.Ended.IsCompleted);
        // One renewal may have been under way.
        Assert.True(gate.Time.GetElapsedTime(last, run.KilledAt) <= TimeSpan.FromSeconds(2.5), $"{run.KilledAt} after {last}, {left} of the lease left at first");
    }

    /// <summary>A request that was refused for the lease waits for a table; the renewal alone brings none.</summary>
    [Fact]
    public async Task SeatIsRenewed_PublishesATableThoughNothingHasChanged()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var before = gate.Current.Table;
        gate.Seat.Renew();
        await gate.UntilAsync(() => !ReferenceEquals(gate.Current.Table, before));
        Assert.Same(before[B], gate.Entry);
    }

    [Fact]
    public async Task ServerHangs_TheGateSaysSo()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        Assert.True(gate.Agent.ServerAnswers);
        gate.Server.Answers = false;
        await gate.UntilAsync(() => !gate.Agent.ServerAnswers);
        Assert.True(gate.IsOpen);
        gate.Server.Answers = true;
        await gate.UntilAsync(() => gate.Agent.ServerAnswers);
    }

    /// <summary>Whose process it is not cannot say that it is dead; but it must not vouch for it for ever.</summary>
    [Fact]
    public async Task UnsupervisedServerIsGoneForLong_ItsRegistrationIsTakenOut_AndComesBackWithIt()
    {
        await using var gate = new GateFixture(ReleaseMode.Call, supervised: false);
        await gate.OpenAsync();
        Assert.Null((await gate.NodeAsync())!.StartTime);
        gate.Server.Answers = false;
        await gate.UntilAsync(async () => await gate.NodeAsync() is null);
        Assert.Null(await gate.RecordAsync());
        await gate.UntilAsync(() => !gate.IsOpen);
        gate.Server.Answers = true;
        await gate.UntilAsync(() => gate.IsOpen);
        Assert.Equal(GateKind.Unsupervised, (await gate.NodeAsync())!.Gate);
        Assert.Empty(gate.Server.Story);
    }

    /// <summary>Whose process it is not lives on when its gate stops: nobody must take it for lost, and the next gate goes on from here.</summary>
    [Fact]
    public async Task Dispose_Unsupervised_KeysStayAndTheNextGateGoesOnFromThem()
    {
        await using var gate = new GateFixture(ReleaseMode.Call, supervised: false);
        await gate.OpenAsync();
        var (key, node) = (await gate.GetAsync(Keys.Gate(Node)), await gate.GetAsync(Keys.Node(Node)));
        await gate.Agent.DisposeAsync();
        Assert.Equal((key!.LeaseId, node!.LeaseId), ((await gate.GetAsync(Keys.Gate(Node)))!.LeaseId, (await gate.GetAsync(Keys.Node(Node)))!.LeaseId));

        await using var registration = Registration("g2", "g0", "g1");
        Assert.IsType<GateRegistered>(await registration.RegisterAsync(CancellationToken.None));

        var after = (await gate.GetAsync(Keys.Gate(Node)))!;
        Assert.Equal((key.CreateRevision, "g2", "unsupervised"), (after.CreateRevision, (await gate.RecordAsync())!.Instance, (await gate.RecordAsync())!.Incarnation));
        Assert.NotEqual(key.LeaseId, after.LeaseId);
        Assert.Equal((after.LeaseId, node.CreateRevision), ((await gate.GetAsync(Keys.Node(Node)))!.LeaseId, (await gate.GetAsync(Keys.Node(Node)))!.CreateRevision));
        // It is its own from here on.
        Assert.IsType<GateWritten>(await registration.WriteAsync((await gate.RecordAsync())!, publishes: true, null, CancellationToken.None));

        GateRegistration Registration(string instance, params string[] predecessors) => new(
            gate.Memory, Keys, GateDesk.OptionsOf(ReleaseMode.Call, supervised: false) with { Instance = instance, Predecessors = predecessors },
            gate.Time, NullLogger.Instance, static () => { });
    }

    /// <summary>A gate that runs its server now must wait until nobody can hold that of before for alive; and the other way round.</summary>
    [Theory]
    [InlineData(false, false, "g0")]
    [InlineData(true, true, "g1")]
    [InlineData(true, false, "g1")]
    [InlineData(false, true, "g1")]
    public async Task Register_KeyOfAStranger_OrBeforeAServerThatAGateRuns_IsNotTakenOver(bool supervisedBefore, bool supervised, string predecessor)
    {
        await using var gate = new GateFixture(ReleaseMode.Call, supervisedBefore);
        await gate.OpenAsync();
        await using var registration = new GateRegistration(
            gate.Memory, Keys, GateDesk.OptionsOf(ReleaseMode.Call, supervised) with { Instance = "g2", Predecessors = [predecessor] },
            gate.Time, NullLogger.Instance, static () => { });

        Assert.IsType<GateRefused>(await registration.RegisterAsync(CancellationToken.None));

        Assert.Equal("g1", (await gate.RecordAsync())!.Instance);
    }

    [Fact]
    public async Task KeyTakenAway_KillsAndRegistersAnew()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var first = (await gate.GetAsync(Keys.Gate(Node)))!.CreateRevision;
        await gate.DeleteAsync(Keys.Gate(Node));
        await gate.UntilAsync(async () => await gate.GetAsync(Keys.Gate(Node)) is { } entry && entry.CreateRevision > first && gate.IsOpen);
        Assert.Contains("kill run1", gate.Server.Story);
    }

    [Fact]
    public async Task AnothersKeyStands_WaitsForItsEnd()
    {
        await using var gate = new GateFixture();
        await gate.PutAsync(Keys.Gate(Node), RecordJson.Write(new GateRecord { Instance = "g0", Url = "http://one:5551" }));
        await gate.PutAsync(Keys.Assignment(B), Node);
        gate.Start();
        gate.Time.Advance(TimeSpan.FromSeconds(1));
        await gate.UntilAsync(() => gate.Agent.State.NotBefore > TimeSpan.Zero);
        Assert.Equal("g0", (await gate.RecordAsync())!.Instance);
        Assert.Empty(gate.Server.Story);
        await gate.DeleteAsync(Keys.Gate(Node));
        await gate.UntilAsync(() => gate.IsOpen);
        Assert.Equal("g1", (await gate.RecordAsync())!.Instance);
    }

    [Fact]
    public async Task ServersOwnRegistrationStands_IsNeverPutOver()
    {
        await using var gate = new GateFixture();
        await gate.PutAsync(Keys.Node(Node), """{"local_node_url": "http://127.0.0.1:5000/"}""");
        gate.Start();
        await gate.UntilAsync(() => gate.Agent.State.NotBefore > TimeSpan.Zero);
        Assert.Null(await gate.RecordAsync());
        Assert.Empty(gate.Server.Story);
    }

    [Fact]
    public async Task MoveAndCall_ReleasesOnceSilent()
    {
        await using var gate = new GateFixture(ReleaseMode.Call);
        await gate.OpenAsync();
        gate.Traffic.Busy[B] = "one running request";
        var move = await gate.MoveAsync();
        await gate.UntilAsync(async () => (await gate.RecordAsync())!.Busy.ContainsKey(B.ToString()));
        Assert.Empty((await gate.RecordAsync())!.Silent);

        gate.Traffic.End(B);
        await gate.UntilAsync(async () => (await gate.RecordAsync())!.Released.GetValueOrDefault(B.ToString()) == move);
        Assert.Single(gate.Server.Story, s => s.StartsWith("release", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MoveAndRestart_StopsOnlyOnceNothingIsInFlightToTheRun()
    {
        await using var gate = new GateFixture();
        gate.Server.IsBusy = true;
        await gate.OpenAsync();
        await gate.MoveAsync();
        await gate.UntilAsync(() => gate.Agent.State.Step == ServerStep.Draining);
        await gate.UntilAsync(() => gate.Agent.State.Step == ServerStep.Running);
        Assert.DoesNotContain("stop run1", gate.Server.Story);
        // Put off: what runs long must not close the node for all others.
        await gate.UntilAsync(() => gate.Agent.IsOpen);
    }

    [Fact]
    public async Task MoveAndRestart_ReleasesWithTheNextRunAlreadyOnItsWay()
    {
        await using var gate = new GateFixture();
        await gate.OpenAsync();
        var move = await gate.MoveAsync();
        await gate.UntilAsync(async () => (await gate.RecordAsync())!.Released.GetValueOrDefault(B.ToString()) == move);
        await gate.UntilAsync(async () => (await gate.RecordAsync())!.Incarnation == "run2");
        Assert.Equal(["start run1", "stop run1", "retire run1", "start run2"], gate.Server.Story);
        Assert.Null((await gate.RecordAsync())!.Exited);
    }

    [Fact]
    public async Task Dispose_SavesAndTakesItsKeysOut()
    {
        var gate = new GateFixture();
        await gate.OpenAsync();
        await gate.Agent.DisposeAsync();
        Assert.True((await gate.Server.Run!.Ended).HasSaved);
        Assert.Null(await gate.RecordAsync());
        Assert.Null(await gate.NodeAsync());
        await gate.DisposeAsync();
    }
}
