using System.Net;
using System.Net.Sockets;
using BucketProxy.Gateway.Hosting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Gateway.Tests.Hosting;

public sealed class DataTransportTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Create_ItsConnections_UseTheBlockPool(bool inline)
    {
        var transport = DataTransport.Create(new GatewayOptions { InlineScheduling = inline }, TimeProvider.System, NullLoggerFactory.Instance);
        await using var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        await client.ConnectAsync(listener.EndPoint);
        await using var connection = await listener.AcceptAsync();

        Assert.IsType<BlockPool>(connection?.Features.Get<IMemoryPoolFeature>()?.MemoryPool);
    }
}
