using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class LoopConnectionTests
{
    [Fact]
    public async Task ConnectionClosed_ClientCloses_Fires()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Assert.False(accepted.Connection.ConnectionClosed.IsCancellationRequested);

        accepted.Client.Close();

        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task ConnectionClosed_WhoIsToldThrows_ConnectionEndsAllTheSame()
    {
        await using var accepted = await Accepted.ConnectAsync();
        accepted.Connection.ConnectionClosed.Register(static () => throw new InvalidOperationException("told"));

        accepted.Client.Close();

        await accepted.ClosedAsync();
        await accepted.Connection.DisposeAsync().AsTask().Within();
    }

    [Fact]
    public async Task ConnectionClosed_ClientResets_Fires()
    {
        await using var accepted = await Accepted.ConnectAsync();

        accepted.Reset();

        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task ConnectionClosed_ClientEndsItsSide_Fires()
    {
        await using var accepted = await Accepted.ConnectAsync();

        accepted.Client.Shutdown(SocketShutdown.Send);

        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task ConnectionClosed_IsOwnClose_Fires()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var closed = accepted.Connection.ConnectionClosed;

        await accepted.Connection.DisposeAsync().AsTask().Within();

        Assert.True(closed.IsCancellationRequested);
        Assert.Equal(0, await accepted.Client.ReceiveAsync(new byte[1]).Within());
    }

    // The server is done with it: to be told elsewhere would cost two changes of threads for each connection.
    [Fact]
    public async Task ConnectionClosed_IsOwnClose_IsToldByWhoCloses()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Thread? told = null;
        accepted.Connection.ConnectionClosed.Register(() => told = Thread.CurrentThread);

        var closing = accepted.Connection.DisposeAsync();

        Assert.True(closing.IsCompletedSuccessfully);
        Assert.Same(Thread.CurrentThread, told);
    }

    // The server begins on the thread pool. Received there, a request would change threads in its middle.
    [Fact]
    public async Task Read_FirstOne_GoesOnItsLoop()
    {
        for (var i = 0; i < 50; i++)
        {
            await using var accepted = await Accepted.ConnectAsync();
            await accepted.Client.SendAsync("a"u8.ToArray());

            var (length, thread) = await Task.Run(() => ReadAsync(accepted.Connection.Transport.Input)).Within();

            Assert.Equal((1, EventLoop.ThreadName), (length, thread));
        }

        static async Task<(long, string?)> ReadAsync(PipeReader input)
        {
            var read = await input.ReadAsync();
            var thread = Thread.CurrentThread.Name;
            input.AdvanceTo(read.Buffer.End);
            return (read.Buffer.Length, thread);
        }
    }

    [Fact]
    public async Task Abort_BeforeAnybodyRead_WhoReadsIsTold()
    {
        await using var accepted = await Accepted.ConnectAsync();

        accepted.Connection.Abort(new ConnectionAbortedException("why"));

        var e = await Assert.ThrowsAsync<ConnectionAbortedException>(() => accepted.Connection.Transport.Input.ReadAsync().AsTask().Within());
        Assert.Equal("why", e.Message);
        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task Abort_ClientSeesAReset()
    {
        await using var accepted = await Accepted.ConnectAsync();

        accepted.Connection.Abort(new ConnectionAbortedException());

        var e = await Assert.ThrowsAsync<SocketException>(() => accepted.Client.ReceiveAsync(new byte[1]).Within());
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task Dispose_Twice_IsTheSameAsOnce()
    {
        await using var accepted = await Accepted.ConnectAsync();

        await accepted.Connection.DisposeAsync().AsTask().Within();
        await accepted.Connection.DisposeAsync().AsTask().Within();

        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task ConnectionId_Many_AllDiffer()
    {
        var ids = new HashSet<string>();
        for (var i = 0; i < 30; i++)
        {
            await using var accepted = await Accepted.ConnectAsync();
            Assert.True(ids.Add(accepted.Connection.ConnectionId));
            Assert.Equal(accepted.Connection.ConnectionId, accepted.Connection.ConnectionId);
        }
    }

    [Fact]
    public async Task EndPoints_AreTheClients()
    {
        await using var accepted = await Accepted.ConnectAsync();

        Assert.Equal((IPEndPoint)accepted.Client.LocalEndPoint!, accepted.Connection.RemoteEndPoint);
        Assert.Equal((IPEndPoint)accepted.Client.RemoteEndPoint!, accepted.Connection.LocalEndPoint);
    }
}
