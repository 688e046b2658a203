using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>When a tunnel counts as silent that YARP's forwarder carries.</summary>
public sealed class SilenceTests
{
    // S2: only its return says that the node's connection is closed. The mutation: silent as soon as it was told to end.
    [Fact]
    public async Task Move_ForwarderHasNotReturned_NotSilent()
    {
        var returns = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce, extensions: new GatewayExtensions
        {
            Proxy = proxy =>
            {
                var yarps = proxy.Services.Last(d => d.ServiceType == typeof(IHttpForwarder)).ImplementationType!;
                proxy.Services.AddSingleton<IHttpForwarder>(
                    s => new LateForwarder((IHttpForwarder)ActivatorUtilities.CreateInstance(s, yarps), returns.Task));
            },
        });
        await using var client = await SocketIo.OpenAsync(gateway);

        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        var silent = gateway.Traffic.WhenSilentAsync(GatewayUnderTest.Bucket, null);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
        Assert.False(silent.IsCompleted);
        Assert.Equal(1, gateway.Traffic.OpenTunnels);
        returns.SetResult();

        await silent.Within();
        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
    }

    /// <summary>YARP's, which returns when it may.</summary>
    private sealed class LateForwarder(IHttpForwarder yarps, Task returns) : IHttpForwarder
    {
        public ValueTask<ForwarderError> SendAsync(
            HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
            SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

        public async ValueTask<ForwarderError> SendAsync(
            HttpContext context,
            string destinationPrefix,
            HttpMessageInvoker httpClient,
            ForwarderRequestConfig requestConfig,
            HttpTransformer transformer,
            CancellationToken cancellationToken)
        {
            var error = await yarps.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
            await returns;
            return error;
        }
    }
}
