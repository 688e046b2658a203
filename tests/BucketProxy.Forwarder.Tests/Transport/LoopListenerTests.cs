using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class LoopListenerTests
{
    private readonly LoopTransportFactory _factory = new(Accepted.Settings());

    [Fact]
    public async Task Accept_ManyAtOnce_AllOfThem()
    {
        await using var listener = await BindAsync();
        var clients = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await clients[i].ConnectAsync(listener.EndPoint);
        }

        var seen = new HashSet<EndPoint?>();
        foreach (var _ in clients)
        {
            await using var connection = await listener.AcceptAsync().AsTask().Within();
            Assert.True(seen.Add(connection!.RemoteEndPoint));
        }

        Assert.Equal(clients.Select(c => c.LocalEndPoint).ToHashSet(), seen);
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Accept_ClientComesLater_IsTold()
    {
        await using var listener = await BindAsync();
        for (var i = 0; i < 20; i++)
        {
            var accepting = listener.AcceptAsync().AsTask();
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.EndPoint);
            await using var connection = await accepting.Within();
            Assert.NotNull(connection);
        }
    }

    [Fact]
    public async Task Unbind_WhileAcceptWaits_Null_AndFromThenOn()
    {
        await using var listener = await BindAsync();
        var accepting = listener.AcceptAsync().AsTask();
        Assert.False(accepting.IsCompleted);

        await listener.UnbindAsync();

        Assert.Null(await accepting.Within());
        Assert.Null(await listener.AcceptAsync().AsTask().Within());
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(listener.EndPoint));
    }

    [Fact]
    public async Task Unbind_WhoHadConnected_IsStillGivenOut()
    {
        await using var listener = await BindAsync();
        var clients = Enumerable.Range(0, 20).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var client in clients)
            await client.ConnectAsync(listener.EndPoint);

        await listener.UnbindAsync();

        foreach (var client in clients)
        {
            await client.SendAsync("abc"u8.ToArray());
            await using var connection = await listener.AcceptAsync().AsTask().Within();
            Assert.Equal(client.LocalEndPoint, connection!.RemoteEndPoint);
            Assert.Equal(3, (await connection.Transport.Input.ReadAsync().AsTask().Within()).Buffer.Length);
        }
        Assert.Null(await listener.AcceptAsync().AsTask().Within());
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Dispose_NobodyTookThem_TheyAreClosed()
    {
        var listener = await BindAsync();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);

        await listener.DisposeAsync();

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).Within());
    }

    [Fact]
    public async Task Unbind_ThePortIsFreeAgain()
    {
        await using var listener = await BindAsync();
        await listener.UnbindAsync();

        await using var again = await _factory.BindAsync(listener.EndPoint);
        Assert.Equal(listener.EndPoint, again.EndPoint);
    }

    [Fact]
    public async Task Bind_PortTaken_SaysSo()
    {
        await using var listener = await BindAsync();

        await Assert.ThrowsAsync<AddressInUseException>(async () => await _factory.BindAsync(listener.EndPoint));
    }

    [Fact]
    public async Task Bind_NoInternetAddress_Refused() =>
        await Assert.ThrowsAsync<NotSupportedException>(async () => await _factory.BindAsync(new UnixDomainSocketEndPoint("/tmp/none")));

    [Fact]
    public async Task Bind_AnyAddressV6_TakesV4Too()
    {
        await using var listener = await _factory.BindAsync(new IPEndPoint(IPAddress.IPv6Any, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.EndPoint).Port);

        await using var connection = await listener.AcceptAsync().AsTask().Within();

        Assert.Equal((IPEndPoint)client.LocalEndPoint!, connection!.RemoteEndPoint);
    }

    [Fact]
    public async Task Accept_OutOfDescriptors_WaitsAndGoesOn()
    {
        await using var process = ChildProcess.Start(OutOfDescriptors.Name, ["dotnet", typeof(OutOfDescriptors).Assembly.Location, OutOfDescriptors.Name]);

        await process.LineAsync("It waits.");
        await process.LineAsync("It goes on.");

        Assert.Equal(0, await process.ExitAsync(Patience.Limit));
    }

    private async Task<IConnectionListener> BindAsync() => await _factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
}
