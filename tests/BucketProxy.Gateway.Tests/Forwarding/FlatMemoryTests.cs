using System.Globalization;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>Alone in the process while they run: they look at its memory.</summary>
[CollectionDefinition("memory", DisableParallelization = true)]
public sealed class MemoryAlone;

/// <summary>Bodies are streamed. Node and client are in this process too, with fixed buffers, so growth is the proxy's.</summary>
[Collection("memory")]
public sealed class FlatMemoryTests
{
    private const int Block = 1 << 20;
    private const long Limit = 40L << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_300MB_MemoryStaysFlat(bool isChunked)
    {
        const int Blocks = 300;
        var block = new byte[Block];
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync(isChunked
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                : string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {(long)Block * Blocks}\r\n\r\n"));
            for (var i = 0; i < Blocks; i++)
            {
                if (isChunked)
                    await wire.SendAsync("100000\r\n");
                await wire.SendAsync(block);
                if (isChunked)
                    await wire.SendAsync("\r\n");
            }
            if (isChunked)
                await wire.SendAsync("0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        var memory = Memory.Begin();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await client.Wire.ReadHeadAsync();
        var received = 0L;
        while (received < (long)Block * Blocks)
        {
            var read = await client.Wire.SkipSomeAsync();
            Assert.NotEqual(0, read);
            received += read;
            memory.Look();
        }

        Assert.True(memory.Growth < Limit, $"grew by {memory.Growth >> 20} MB");
    }

    [Fact]
    public async Task Upload_100MB_MemoryStaysFlat()
    {
        const int Blocks = 100;
        var received = 0L;
        await using var node = new FakeNode(async (request, wire) =>
        {
            while (received < (long)Block * Blocks)
                received += await wire.SkipSomeAsync();
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        var memory = Memory.Begin();

        await client.SendAsync(string.Create(
            CultureInfo.InvariantCulture, $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: {(long)Block * Blocks}\r\n\r\n"));
        var block = new byte[Block];
        for (var i = 0; i < Blocks; i++)
        {
            await client.Wire.SendAsync(block);
            memory.Look();
        }

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal((long)Block * Blocks, received);
        Assert.True(memory.Growth < Limit, $"grew by {memory.Growth >> 20} MB");
    }

    [Fact]
    public async Task Answer_ReaderStops_NodeIsHeldBackAndMemoryStaysFlat()
    {
        var sent = 0L;
        var block = new byte[Block];
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true)
            {
                await wire.SendAsync(block);
                Interlocked.Add(ref sent, Block);
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        var memory = Memory.Begin();
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.Wire.ReadHeadAsync();
            // Until the buffers in between are full and nothing moves any more.
            var before = -1L;
            await GatewayUnderTest.UntilAsync(
                () =>
                {
                    var now = Volatile.Read(ref sent);
                    var stands = now == before;
                    before = now;
                    memory.Look();
                    return stands;
                },
                "the node is held back");
            Assert.True(sent < 100 * Block, $"{sent} bytes went to a client that reads nothing");
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is left");
        Assert.True(memory.Growth < Limit, $"grew by {memory.Growth >> 20} MB");
    }

    [Fact]
    public async Task Clients_ComeAndGoInEveryState_NothingIsLeft()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Header("Upgrade") is not null)
                await Ws.EchoAsync(request, wire);
            await request.ReadBodyAsync(wire);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            await wire.SendAsync(new byte[100_000]);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        string[] beginnings =
        [
            "", "GET ", GatewayUnderTest.Get(GatewayUnderTest.Path)[..40],
            GatewayUnderTest.Get(GatewayUnderTest.Path),
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 10\r\n\r\nabc",
            GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"),
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            Ws.Handshake(SocketIo.Target), Ws.Handshake(SocketIo.Target)[..100],
            GatewayUnderTest.Get($"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&sid=a"),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI *",
        ];
        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(beginnings.Select(async (beginning, i) =>
            {
                await using var client = await gateway.ClientAsync();
                await client.SendAsync(beginning);
                if ((i + round) % 3 == 0)
                    client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                if ((i + round) % 2 == 0)
                    client.Reset();
            }));
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && gateway.Traffic.OpenTunnels == 0, "nothing is in flight");
        Assert.Equal(0, gateway.Host.Held);
        Assert.Equal(200, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }

    private sealed class Memory
    {
        private readonly long _before;
        private long _most;

        private Memory(long before) => _before = _most = before;

        public long Growth => _most - _before;

        public static Memory Begin()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            return new Memory(GC.GetTotalMemory(forceFullCollection: true));
        }

        /// <summary>What is alive now, garbage included: buffered bodies show at once, and nothing hides them.</summary>
        public void Look() => _most = Math.Max(_most, GC.GetTotalMemory(forceFullCollection: false));
    }
}
