using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Builder;

namespace BucketProxy.Gateway.Tests.Hosting;

/// <summary>Alone: what it blocks serves other tests' connections too.</summary>
[CollectionDefinition("blocks", DisableParallelization = true)]
public sealed class BlocksAlone;

[Collection("blocks")]
public sealed class IoWatchdogTests
{
    [Fact]
    public async Task Request_BlocksThePollingThread_IsFoundAndNamed()
    {
        using var release = new ManualResetEventSlim();
        var blocks = false;
        var wasPolling = false;
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                if (blocks)
                {
                    wasPolling = IoWatchdog.IsPollingThread();
                    release.Wait(Patience.Limit);
                }
                return next(context);
            }),
        });
        await using var client = await gateway.ClientAsync();
        // What comes with a connection is read where it was accepted; what comes later, on the thread that polls it.
        await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        IoWatchdog.ThrowIfBlocked();
        blocks = true;
        try
        {
            var ask = client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "blocks"));
            await GatewayUnderTest.UntilAsync(() => IoWatchdog.HasFound, "the block is found");
            release.Set();
            Assert.Equal(200, (await ask).Status);
        }
        finally
        {
            release.Set();
        }

        Assert.True(wasPolling);
        Assert.All(IoWatchdog.Take(), found => Assert.Contains($"GET {GatewayUnderTest.Path}blocks", found, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_ThatWaitForTheirNode_AreNoBlock()
    {
        var answer = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await answer.Task;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        var ask = gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Assert.False(IoWatchdog.HasFound);
        answer.SetResult();

        Assert.Equal(200, (await ask).Status);
    }
}
