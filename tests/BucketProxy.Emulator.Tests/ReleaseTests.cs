using System.Net.WebSockets;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Bases;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests;

public sealed class ReleaseTests : NodeTests
{
    private static readonly Bucket Bucket = new(0x0f);

    [Fact]
    public async Task Release_BeforeTheNextNodeLoads_KeepsEveryRow()
    {
        var (first, second) = (await Nodes.StartAsync("n1"), await Nodes.StartAsync("n2"));
        await Nodes.AppendAsync(first, NodeFixture.Base, "a");

        Assert.Equal(new Released(1, Ignored: false), await first.ReleaseBucketAsync(Bucket, epoch: 7));
        Assert.Equal(2, await Nodes.AppendAsync(second, NodeFixture.Base, "b"));
        await first.StopAsync();
        await second.StopAsync();

        var report = Nodes.Check();
        Assert.True(report is { IsClean: true, RowsJudged: 2, Loads: 2 }, report.ToString());
    }

    [Fact]
    public async Task NoRelease_BeforeTheNextNodeLoads_LosesRowsAndTheCheckerTells()
    {
        var (first, second) = (await Nodes.StartAsync("n1"), await Nodes.StartAsync("n2"));
        await Nodes.AppendAsync(first, NodeFixture.Base, "a");
        await Nodes.AppendAsync(second, NodeFixture.Base, "b");
        await first.StopAsync();
        await second.StopAsync();

        var report = Nodes.Check();

        Assert.Equal(1, report.Lost);
        Assert.Equal("n1", Assert.Single(report.DoubleOpens).Node);
        Assert.Contains("1 lost", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Release_OnlyTouchesItsBucket()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await Nodes.AppendAsync(node, NodeFixture.OtherBase, "a");
        await Nodes.AppendAsync(node, NodeFixture.BaseOfOtherBucket, "a");

        Assert.Equal(2, (await node.ReleaseBucketAsync(Bucket, 1)).Unloaded);

        Assert.Equal([NodeFixture.BaseOfOtherBucket], node.LoadedBases);
    }

    [Fact]
    public async Task ReleasePin_OnlyTouchesItsBases()
    {
        Assert.True(BasePrefix.TryParse(NodeFixture.Base, out var whole));
        Assert.True(BasePrefix.TryParse("0f000000-0000", out var some));
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await Nodes.AppendAsync(node, NodeFixture.OtherBase, "a");

        await Nodes.AppendAsync(node, NodeFixture.BaseOfOtherBucket, "a");

        Assert.Equal(1, (await node.ReleasePinAsync(whole, 1)).Unloaded);
        Assert.Equal([NodeFixture.OtherBase, NodeFixture.BaseOfOtherBucket], node.LoadedBases.Order());
        Assert.Equal(1, (await node.ReleasePinAsync(some, 1)).Unloaded);
        Assert.Equal([NodeFixture.BaseOfOtherBucket], node.LoadedBases);
    }

    [Fact]
    public async Task Release_WithARunningRequest_WaitsForIt_AndNewRequestsWaitTooAndAreServed()
    {
        var node = await Nodes.StartAsync("n1");
        using var running = await OpenRequest.BeginAsync(node, NodeFixture.Base);

        var release = node.ReleaseBucketAsync(Bucket, 1);
        var late = Nodes.AppendAsync(node, NodeFixture.Base, "late");
        Assert.False(release.IsCompleted);
        Assert.DoesNotContain(Nodes.Journal.Entries, entry => entry.Event == JournalEvent.Unload);
        await running.EndAsync();

        Assert.Equal(1, (await release).Unloaded);
        Assert.Equal(1, await late);
        // The late one loaded the base anew: the order of its life is in the journal.
        Assert.Equal(
            [JournalEvent.Load, JournalEvent.Unload, JournalEvent.Load],
            Nodes.Journal.Entries.Where(entry => entry.Event is JournalEvent.Load or JournalEvent.Unload).Select(entry => entry.Event));
    }

    [Fact]
    public async Task Release_GivenUp_LeavesTheBaseServed()
    {
        var node = await Nodes.StartAsync("n1");
        using var running = await OpenRequest.BeginAsync(node, NodeFixture.Base);
        using var patience = new CancellationTokenSource();

        var release = node.ReleaseBucketAsync(Bucket, 1, patience.Token);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => release);
        Assert.Equal(1, await Nodes.AppendAsync(node, NodeFixture.Base, "a"));
        await running.EndAsync();
        Assert.Single(Nodes.Journal.Entries, entry => entry.Event == JournalEvent.Load);
    }

    [Fact]
    public async Task Release_WithALowerEpoch_IsIgnored_WithTheSameItIsDoneAgain()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await node.ReleaseBucketAsync(Bucket, 5);
        await Nodes.AppendAsync(node, NodeFixture.Base, "b");

        Assert.True((await node.ReleaseBucketAsync(Bucket, 4)).Ignored);
        Assert.Equal([NodeFixture.Base], node.LoadedBases);
        Assert.Equal(new Released(1, Ignored: false), await node.ReleaseBucketAsync(Bucket, 5));
        Assert.Empty(node.LoadedBases);
        Assert.Equal(new Released(0, Ignored: false), await node.ReleaseBucketAsync(Bucket, 5));
    }

    [Fact]
    public async Task Release_ClosesTheBasesSocketsWith1012_AndNoOther()
    {
        var node = await Nodes.StartAsync("n1");
        using var mine = await SocketClient.ConnectAsync(node, NodeFixture.Base);
        using var other = await SocketClient.ConnectAsync(node, NodeFixture.BaseOfOtherBucket);

        var closed = mine.Socket.ReceiveAsync(new byte[10], CancellationToken.None);
        var release = node.ReleaseBucketAsync(Bucket, 1);
        Assert.Equal(WebSocketMessageType.Close, (await closed).MessageType);
        await mine.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await release;

        Assert.Equal((WebSocketCloseStatus)1012, mine.Socket.CloseStatus);
        Assert.Equal("still here", await other.EchoAsync("still here"));
        Assert.Equal(1, node.OpenSockets);
    }

    [Fact]
    public async Task Release_WhenTheStorageDoesNotTakeIt_FailsAndTheBaseStaysServed()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        // A folder in the file's place: the save cannot replace it.
        var inTheWay = Directory.CreateDirectory(Path.Combine(Nodes.Storage, NodeFixture.Base + ".json"));

        var (status, _) = await Nodes.SendAsync(node, "POST", "/bucketproxy/release", """{"bucket":"0f","epoch":1}""");

        Assert.Equal(500, status);
        Assert.Equal(["a"], await Nodes.NamesAsync(node, NodeFixture.Base));
        inTheWay.Delete();
        Assert.Equal(200, (await Nodes.SendAsync(node, "POST", "/bucketproxy/release", """{"bucket":"0f","epoch":1}""")).Status);
        Assert.Empty(node.LoadedBases);
    }

    [Theory]
    [InlineData("""{"bucket":"0f","epoch":3}""", 200)]
    [InlineData("""{"bucket":"0F","epoch":3,"base":"0F000000-0000-4000-8000-000000000001"}""", 200)]
    [InlineData("""{"bucket":"0f","epoch":3,"base":"0f000000-00"}""", 200)]
    [InlineData("""{"bucket":"0f","epoch":3,"base":"0f"}""", 400)]
    [InlineData("""{"bucket":"0f","epoch":2}""", 409)]
    [InlineData("""{"bucket":"0g","epoch":3}""", 400)]
    [InlineData("""{"bucket":"0f"}""", 400)]
    [InlineData("""{"bucket":"0f","epoch":3,"base":"a1000000-0000-4000-8000-000000000003"}""", 400)]
    [InlineData("""[]""", 400)]
    [InlineData("""{""", 400)]
    public async Task ReleaseRoute_Answers(string body, int status)
    {
        var node = await Nodes.StartAsync("n1");
        await node.ReleaseBucketAsync(Bucket, 3);

        Assert.Equal(status, (await Nodes.SendAsync(node, "POST", "/bucketproxy/release", body)).Status);
        Assert.Equal(405, (await Nodes.SendAsync(node, "GET", "/bucketproxy/release")).Status);
    }
}
