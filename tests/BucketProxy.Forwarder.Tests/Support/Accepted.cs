using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>A client's connection on the loops, as the server gets it, with a pool of its own.</summary>
internal sealed class Accepted : IAsyncDisposable
{
    private readonly IConnectionListener _listener;

    private Accepted(IConnectionListener listener, LoopConnection connection, Socket client, BlockPool pool)
    {
        (_listener, Connection, Client, Pool) = (listener, connection, client, pool);
    }

    public LoopConnection Connection { get; }

    public PipeReader Input => Connection.Transport.Input;

    public PipeWriter Output => Connection.Transport.Output;

    public Socket Client { get; }

    public BlockPool Pool { get; }

    public static readonly TimeSpan ClientPatience = TimeSpan.FromMinutes(5);

    public static ConnectionSettings Settings(BlockPool? pool = null, TimeProvider? time = null) =>
        new(pool ?? new BlockPool(), NullLogger.Instance, time ?? TimeProvider.System, ClientPatience);

    /// <param name="clientBuffer">How much the client's kernel takes before the client reads; 0 for the usual.</param>
    /// <param name="pool">Null for the usual one.</param>
    /// <param name="time">Null for the machine's.</param>
    public static async Task<Accepted> ConnectAsync(int clientBuffer = 0, BlockPool? pool = null, TimeProvider? time = null)
    {
        pool ??= new BlockPool();
        var listener = await new LoopTransportFactory(Settings(pool, time)).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (clientBuffer > 0)
            client.ReceiveBufferSize = clientBuffer;
        await client.ConnectAsync(listener.EndPoint);
        var connection = await listener.AcceptAsync().AsTask().Within();
        return new Accepted(listener, Assert.IsType<LoopConnection>(connection), client, pool);
    }

    /// <summary>The client closes with a reset.</summary>
    public void Reset()
    {
        Client.LingerState = new LingerOption(true, 0);
        Client.Close();
    }

    /// <summary>Waits for the connection's token.</summary>
    public Task ClosedAsync() => Patience.UntilAsync(() => Connection.ConnectionClosed.IsCancellationRequested, "the server is told of the close");

    /// <summary>Writes, and does not flush.</summary>
    public void Write(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var memory = Output.GetMemory();
            var size = Math.Min(memory.Length, bytes.Length);
            bytes[..size].CopyTo(memory);
            Output.Advance(size);
            bytes = bytes[size..];
        }
    }

    /// <summary>What the client gets: so many bytes, or fewer and the end.</summary>
    public async Task<byte[]> ReadAsync(int most)
    {
        var all = new byte[most];
        var have = 0;
        int received;
        while (have < most && (received = await Client.ReceiveAsync(all.AsMemory(have)).AsTask().Within()) > 0)
            have += received;
        return all[..have];
    }

    /// <summary>The client gets so many of <see cref="Bytes"/>, from the first on.</summary>
    public Task CheckAsync(int count) => Task.Run(async () =>
    {
        var into = new byte[30_000];
        for (var have = 0; have < count;)
        {
            var received = await Client.ReceiveAsync(into.AsMemory(0, Math.Min(into.Length, count - have)));
            Assert.NotEqual(0, received);
            Bytes.Check(into.AsSpan(0, received), have);
            have += received;
        }
    });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Connection.DisposeAsync().AsTask().Within();
        await _listener.DisposeAsync();
        Assert.Equal(0, Pool.Lent);
        IoWatchdog.ThrowIfBlocked();
    }
}
