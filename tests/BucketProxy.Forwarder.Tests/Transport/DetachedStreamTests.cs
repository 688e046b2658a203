using System.Net.Sockets;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class DetachedStreamTests
{
    [Fact]
    public async Task Read_BeginsWithWhatCameBefore_ThenTheSocket()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await accepted.Client.SendAsync("head body"u8.ToArray());
        var read = await accepted.Input.ReadAtLeastAsync(9).AsTask().Within();
        accepted.Input.AdvanceTo(read.Buffer.GetPosition(5));

        await using var stream = accepted.Connection.Detach();
        var buffer = new byte[3];
        Assert.Equal(3, await stream.ReadAsync(buffer).AsTask().Within());
        Assert.Equal("bod"u8.ToArray(), buffer);
        Assert.Equal(1, await stream.ReadAsync(buffer).AsTask().Within());
        Assert.Equal((byte)'y', buffer[0]);
        await accepted.Client.SendAsync("!"u8.ToArray());
        Assert.Equal(1, await stream.ReadAsync(buffer).AsTask().Within());
        Assert.Equal((byte)'!', buffer[0]);

        await stream.WriteAsync("back"u8.ToArray());
        var got = new byte[10];
        Assert.Equal(4, await accepted.Client.ReceiveAsync(got).Within());
        Assert.Equal("back"u8.ToArray(), got[..4]);
    }

    [Fact]
    public async Task Connection_ServerLetsGo_StreamGoesOn()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await using var stream = accepted.Connection.Detach();

        accepted.Connection.Abort();
        await accepted.Connection.DisposeAsync().AsTask().Within();

        await accepted.Client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await stream.ReadAsync(new byte[1]).AsTask().Within());
    }

    [Fact]
    public async Task Detach_Twice_Refused()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await using var stream = accepted.Connection.Detach();

        Assert.Throws<InvalidOperationException>(accepted.Connection.Detach);
        Assert.Null(accepted.Connection.Features.Get<IConnectionDetachFeature>());
    }

    [Fact]
    public async Task Abort_PeerSeesAReset_AndWhoReadsIsTold()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await using var stream = accepted.Connection.Detach();
        var reading = stream.ReadAsync(new byte[1]).AsTask();

        stream.Abort();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.Within());
        var e = await Assert.ThrowsAsync<SocketException>(() => accepted.Client.ReceiveAsync(new byte[1]).Within());
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task Dispose_PeerSeesWhatWasWritten_ThenTheEnd()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var stream = accepted.Connection.Detach();
        await stream.WriteAsync("last"u8.ToArray());

        await stream.DisposeAsync();

        var got = new byte[10];
        Assert.Equal(4, await accepted.Client.ReceiveAsync(got).Within());
        Assert.Equal(0, await accepted.Client.ReceiveAsync(got).Within());
    }

    [Fact]
    public async Task Read_CancelledWhileItWaits_EndsAndTheConnectionStands()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await using var stream = accepted.Connection.Detach();
        using var cancel = new CancellationTokenSource();
        var reading = stream.ReadAsync(new byte[1], cancel.Token).AsTask();
        Assert.False(reading.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within());
        await accepted.Client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await stream.ReadAsync(new byte[1]).AsTask().Within());
    }
}
