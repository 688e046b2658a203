using System.Net;
using System.Net.Sockets;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Emulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Emulator.Tests;

public sealed class EmulatedNodeTests : NodeTests
{
    [Fact]
    public async Task Append_AnswersTheRowsNumber()
    {
        var node = await Nodes.StartAsync("n1");

        Assert.Equal(1, await Nodes.AppendAsync(node, NodeFixture.Base, "a"));
        Assert.Equal(2, await Nodes.AppendAsync(node, NodeFixture.Base, "b"));
        Assert.Equal(1, await Nodes.AppendAsync(node, NodeFixture.OtherBase, "c"));
        Assert.Equal(["a", "b"], await Nodes.NamesAsync(node, NodeFixture.Base));
    }

    [Fact]
    public async Task Stop_ThenANewRun_FindsEveryRowAndGoesOnCounting()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");
        await node.StopAsync();

        var again = await Nodes.StartAsync("n1");

        Assert.Equal(["a"], await Nodes.NamesAsync(again, NodeFixture.Base));
        Assert.Equal(2, await Nodes.AppendAsync(again, NodeFixture.Base, "b"));
        await again.StopAsync();
        Assert.True(Nodes.Check() is { IsClean: true, RowsJudged: 2, Loads: 2 });
    }

    [Fact]
    public async Task Abort_LosesWhatWasNotSaved_AndTheCheckerTells()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "saved");
        await node.FlushAsync();
        await Nodes.AppendAsync(node, NodeFixture.Base, "lost");
        await node.AbortAsync();

        var again = await Nodes.StartAsync("n1");

        Assert.Equal(["saved"], await Nodes.NamesAsync(again, NodeFixture.Base));
        await again.StopAsync();
        Assert.True(Nodes.Check() is { IsClean: false, Lost: 1, RowsJudged: 2 });
    }

    [Fact]
    public async Task Abort_ResetsOpenConnectionsAndRefusesNewOnes()
    {
        var node = await Nodes.StartAsync("n1");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Url.Port);
        await socket.SendAsync("GET /ping/ HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.NotEqual(0, await socket.ReceiveAsync(new byte[4096]));

        await node.AbortAsync();

        var end = await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, end.SocketErrorCode);
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var refused = await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(IPAddress.Loopback, node.Url.Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        Assert.True(node.HasEnded);
    }

    [Fact]
    public async Task Abort_WithARunningRequest_CutsIt()
    {
        var node = await Nodes.StartAsync("n1");
        using var running = await OpenRequest.BeginAsync(node, NodeFixture.Base);

        await node.AbortAsync();

        var cut = await Assert.ThrowsAsync<SocketException>(() => running.ReceiveUntilAsync("ended"));
        Assert.Equal(SocketError.ConnectionReset, cut.SocketErrorCode);
    }

    [Fact]
    public async Task Stop_WithARunningRequest_LetsItFinish()
    {
        var node = await Nodes.StartAsync("n1");
        using var running = await OpenRequest.BeginAsync(node, NodeFixture.Base);

        var stop = node.StopAsync();
        Assert.False(stop.IsCompleted);

        await running.EndAsync();
        await stop;
        Assert.Equal(JournalEvent.Stop, Nodes.Journal.Entries[^1].Event);
    }

    [Fact]
    public async Task FlushTimer_WhenTheIntervalIsOver_SavesWithoutUnloading()
    {
        var time = new FakeTimeProvider();
        var node = await Nodes.StartAsync("n1", time);
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");

        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.DoesNotContain(Nodes.Journal.Entries, entry => entry.Event == JournalEvent.Flush);
        time.Advance(TimeSpan.FromTicks(1));
        await Nodes.FlushedAsync();

        Assert.Equal([NodeFixture.Base], node.LoadedBases);
        await node.AbortAsync();
        Assert.True(Nodes.Check() is { IsClean: true, RowsJudged: 1 });
    }

    [Fact]
    public async Task FlushTimer_WhenABaseWasIdleForADay_UnloadsIt()
    {
        var time = new FakeTimeProvider();
        var node = await Nodes.StartAsync("n1", time, options => options with { FlushInterval = TimeSpan.FromHours(25) });
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");

        time.Advance(TimeSpan.FromHours(25));
        await Nodes.SeenAsync(JournalEvent.Unload);

        Assert.Empty(node.LoadedBases);
    }

    [Fact]
    public async Task Flush_WhenNothingChanged_WritesNothing()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.AppendAsync(node, NodeFixture.Base, "a");

        Assert.Equal(1, await node.FlushAsync());
        Assert.Equal(0, await node.FlushAsync());
    }

    [Fact]
    public async Task Load_OfABrokenFile_Answers500AndTriesAgain()
    {
        var node = await Nodes.StartAsync("n1");
        var file = Path.Combine(Nodes.Storage, NodeFixture.Base + ".json");
        await File.WriteAllTextAsync(file, "{\"base\":");

        Assert.Equal(500, (await Nodes.SendAsync(node, "GET", $"/dtables/{NodeFixture.Base}/")).Status);
        File.Delete(file);
        Assert.Equal(200, (await Nodes.SendAsync(node, "GET", $"/dtables/{NodeFixture.Base}/")).Status);
    }

    [Theory]
    [InlineData("a b", 0, 300, "Id")]
    [InlineData("n1", 65536, 300, "Port")]
    [InlineData("n1", 0, 0, "FlushInterval")]
    public void Create_WithAValueThatIsNotAllowed_NamesTheKey(string id, int port, int flushSeconds, string key)
    {
        var options = new EmulatorOptions { Id = id, Port = port, StorageDirectory = Nodes.Storage, FlushInterval = TimeSpan.FromSeconds(flushSeconds) };

        Assert.StartsWith(key, Assert.Throws<ArgumentException>(() => new EmulatedNode(options)).Message, StringComparison.Ordinal);
    }
}
