using System.Text.Json.Nodes;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Membership;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Emulator.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Emulator.Tests.Membership;

public sealed class ClusterMembershipTests : NodeTests
{
    private const string First = "dtable-server-01";
    private const string Second = "dtable-server-02";

    private static readonly Bucket Bucket = new(0x0f);
    private static readonly KeySchema Keys = new();

    private readonly FaultInjectingStore _store = new(new MemoryStore(TimeProvider.System), TimeProvider.System);

    [Fact]
    public async Task Start_RegistersUnderALease()
    {
        var node = await Nodes.StartAsync(First);
        await using var membership = await JoinAsync(node, options => options with { NodeUrl = "https://outside/" });

        var entry = await RegistrationAsync(First);
        var registration = JsonNode.Parse(entry!.Text)!;

        Assert.NotEqual(0, entry.LeaseId);
        Assert.Equal("https://outside/", (string)registration["node_url"]!);
        Assert.Equal(node.Url.AbsoluteUri, (string)registration["local_node_url"]!);
        Assert.Equal(node.StartTime, DateTimeOffset.Parse((string)registration["start_time"]!, null));
    }

    [Fact]
    public async Task Lose_ABucket_SavesAndUnloadsItsBasesAndNoOthers()
    {
        var node = await Nodes.StartAsync(First);
        await AssignAsync(Bucket, First);
        await using var membership = await JoinAsync(node);
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await Nodes.AppendAsync(node, NodeFixture.OtherBase, "a");
        await Nodes.AppendAsync(node, NodeFixture.BaseOfOtherBucket, "a");

        await AssignAsync(Bucket, Second);
        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 1);

        // Its bucket belongs to nobody: nobody else can load it.
        Assert.Equal([NodeFixture.BaseOfOtherBucket], node.LoadedBases);
        await node.AbortAsync();
        Assert.Equal(1, Nodes.Check().Lost);
    }

    [Fact]
    public async Task Lose_ABaseByAPinAndThenByItsBucket_ReleasesItEachTime()
    {
        Assert.True(BasePrefix.TryParse(NodeFixture.Base, out var pin));
        var node = await Nodes.StartAsync(First);
        await AssignAsync(Bucket, First);
        await using var membership = await JoinAsync(node);
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await Nodes.AppendAsync(node, NodeFixture.OtherBase, "a");

        await PutAsync(Keys.Pin(pin), Second);
        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 1);
        Assert.Equal([NodeFixture.OtherBase], node.LoadedBases);

        // The pin comes home and the base is loaded again; meanwhile its bucket goes, and then the pin falls: the grant that counts now is older than the pin's was.
        await PutAsync(Keys.Pin(pin), First);
        await Nodes.AppendAsync(node, NodeFixture.Base, "b");
        await AssignAsync(Bucket, Second);
        await NodeFixture.UntilAsync(() => node.LoadedBases is [NodeFixture.Base]);
        await PutAsync(Keys.Pin(pin), First);
        await _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(Keys.Pin(pin))] });
        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 0);
    }

    [Fact]
    public async Task Lose_WithARunningRequest_HoldsUpThatBaseOnly()
    {
        var node = await Nodes.StartAsync(First);
        await AssignAsync(Bucket, First);
        await using var membership = await JoinAsync(node);
        using var running = await OpenRequest.BeginAsync(node, NodeFixture.Base);
        await Nodes.AppendAsync(node, NodeFixture.OtherBase, "a");

        await AssignAsync(Bucket, Second);
        await NodeFixture.UntilAsync(() => node.LoadedBases is [NodeFixture.Base]);
        await running.EndAsync();
        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 0);
    }

    [Fact]
    public async Task Lose_WhileTheStoreIsAway_IsMadeUpForWhenItIsBack()
    {
        var inner = new MemoryStore(TimeProvider.System);
        await using var store = new FaultInjectingStore(inner, TimeProvider.System);
        var node = await Nodes.StartAsync(First);
        await using var membership = new ClusterMembership(node, store);
        await membership.StartAsync();
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");

        store.Partition();
        await inner.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(Keys.Assignment(Bucket), Second)] });
        store.Heal();

        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 0);
    }

    [Fact]
    public async Task Lose_WhenTheStorageDoesNotTakeIt_IsTriedAgain()
    {
        var node = await Nodes.StartAsync(First);
        await AssignAsync(Bucket, First);
        await using var membership = await JoinAsync(node);
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        var inTheWay = Directory.CreateDirectory(Path.Combine(Nodes.Storage, NodeFixture.Base + ".json"));

        await AssignAsync(Bucket, Second);
        Assert.Equal(["a"], await Nodes.NamesAsync(node, NodeFixture.Base));
        inTheWay.Delete();

        await NodeFixture.UntilAsync(() => node.LoadedBases.Count == 0);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task HandOff_KeepsEveryRow_UnlessItIsSwitchedOff(bool follow, int lost)
    {
        var (first, second) = (await Nodes.StartAsync(First), await Nodes.StartAsync(Second));
        await AssignAsync(Bucket, First);
        await using var one = await JoinAsync(first, options => options with { FollowAssignments = follow });
        await using var two = await JoinAsync(second);
        await Nodes.AppendAsync(first, NodeFixture.Base, "a");

        await AssignAsync(Bucket, Second);
        if (follow)
            await Nodes.SeenAsync(JournalEvent.Unload);
        await Nodes.AppendAsync(second, NodeFixture.Base, "b");
        await second.StopAsync();
        await first.StopAsync();

        var report = Nodes.Check();
        Assert.True(report.Lost == lost && report.DoubleOpens.Count == lost && report.RowsJudged == 2, report.ToString());
    }

    [Fact]
    public async Task LeaseLost_RegistersAgainAsTheSameProcess()
    {
        var time = new FakeTimeProvider();
        await using var store = new FaultInjectingStore(new MemoryStore(time), time);
        var node = await Nodes.StartAsync(First, time);
        await using var membership = new ClusterMembership(node, store, time: time);
        await membership.StartAsync();
        var before = Assert.Single((await store.ReadAsync([Keys.Nodes])).Entries);

        await store.LoseLeaseAsync(before.LeaseId);
        StoreEntry? after = null;
        await time.AdvanceUntilAsync(
            async () =>
            {
                after = (await store.ReadAsync([Keys.Nodes])).Entries.SingleOrDefault();
                return after is not null && after.LeaseId != before.LeaseId;
            },
            TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

        Assert.Equal(before.Text, after!.Text);
        Assert.NotEqual(before.CreateRevision, after.CreateRevision);
    }

    [Fact]
    public async Task Dispose_TakesTheRegistrationAway_AbortLeavesItToItsLease()
    {
        var node = await Nodes.StartAsync(First);
        var membership = await JoinAsync(node);
        await membership.AbortAsync();
        Assert.NotNull(await RegistrationAsync(First));

        membership = await JoinAsync(node);
        await membership.DisposeAsync();
        Assert.Null(await RegistrationAsync(First));
    }

    [Fact]
    public void Create_WithALeaseTimeThatIsNotAllowed_NamesTheKey()
    {
        var options = new MembershipOptions { LeaseTime = TimeSpan.FromMilliseconds(999) };

        Assert.StartsWith("LeaseTime", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private async Task<ClusterMembership> JoinAsync(EmulatedNode node, Func<MembershipOptions, MembershipOptions>? with = null)
    {
        var membership = new ClusterMembership(node, _store, with?.Invoke(new MembershipOptions()));
        await membership.StartAsync();
        return membership;
    }

    private Task<TransactionResult> AssignAsync(Bucket bucket, string nodeId) => PutAsync(Keys.Assignment(bucket), nodeId);

    private Task<TransactionResult> PutAsync(string key, string value) =>
        _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, value)] });

    private async Task<StoreEntry?> RegistrationAsync(string nodeId) =>
        (await _store.ReadAsync([Keys.Node(nodeId)])).Entries.SingleOrDefault();
}
