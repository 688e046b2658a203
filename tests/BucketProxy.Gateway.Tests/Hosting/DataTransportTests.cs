using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Gateway.Tests.Hosting;

public sealed class DataTransportTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UseDataTransport_ItsConnections_UseTheBlockPool(bool inline)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseDataTransport(new GatewayOptions { InlineScheduling = inline });
        await using var app = builder.Build();
        // The server takes the last one that can.
        var transport = app.Services.GetServices<IConnectionListenerFactory>().Last();
        await using var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        await client.ConnectAsync(listener.EndPoint);
        await using var connection = await listener.AcceptAsync();

        Assert.IsType<BlockPool>(connection?.Features.Get<IMemoryPoolFeature>()?.MemoryPool);
    }
}
