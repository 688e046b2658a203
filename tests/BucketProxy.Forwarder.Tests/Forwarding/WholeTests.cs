using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Forwarder and transport together: many clients that behave and misbehave at once, and every answer must be the one to its own request.</summary>
public sealed class WholeTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    private const int Clients = 200;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    [Fact]
    public Task ManyClients_EveryAnswerIsItsOwn() => Seeded.RunAsync(1, async seeds =>
    {
        await using var server = new RawServer(AnswerAsync);
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        using var time = new CancellationTokenSource(Duration, TimeProvider.System);
        var outcomes = new ConcurrentDictionary<string, int>();
        var clients = Enumerable.Range(0, Clients).Select(n => (n, seeds.Next())).Select(c => Task.Run(
            () => new Client(app.Port, c.n, new Random(c.Item2), outcomes).RunAsync(time.Token))).ToArray();
        await Task.WhenAll(clients);

        // Of each kind of behaviour some has happened.
        Assert.All(Client.Kinds, kind => Assert.True(outcomes.GetValueOrDefault(kind) > 0, $"No {kind} in {string.Join(", ", outcomes)}."));
        await Patience.UntilAsync(() => app.UnderWay == 0, "nothing is in flight");
    });

    [Fact]
    public async Task LongAnswers_OneAfterTheOther_OnOneConnectionToTheDestination()
    {
        await using var server = new RawServer(AnswerAsync);
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();
        for (var more = 0; more < 300_000; more += 10_000)
            Assert.Equal(200, (await client.AskAsync(ProxyApp.Get("/a/", $"X-Id: a\r\nX-More: {more}\r\n"))).Status);

        Assert.Equal(1, server.Connections);
    }

    /// <summary>Says whose request it was and what its body was, and then as many bytes as the request asks for.</summary>
    private static async Task AnswerAsync(RawRequest request, RawConnection wire)
    {
        var body = await request.ReadBodyAsync(wire);
        var more = int.Parse(request.Header("X-More")!, CultureInfo.InvariantCulture);
        var content = Content(request.Header("X-Id")!, body, more);
        if (more % 2 == 0)
        {
            await wire.SendAsync((byte[])[.. Latin1($"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\n\r\n"), .. content]);
            return;
        }
        await wire.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in content.Chunk(10_000))
            await wire.SendAsync((byte[])[.. Latin1($"{piece.Length:x}\r\n"), .. piece, .. Latin1("\r\n")]);
        await wire.SendAsync("0\r\n\r\n");
    }

    private static byte[] Content(string id, byte[] body, int more) =>
        [.. Latin1($"{id} {Convert.ToHexString(SHA256.HashData(body))}\n"), .. Bytes.From(body.Length, more)];

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    private sealed class Client(int port, int number, Random random, ConcurrentDictionary<string, int> outcomes)
    {
        public static readonly string[] Kinds = ["answer", "two at once", "half-closed", "reset in a request", "reset in an answer"];
        private int _count;

        public async Task RunAsync(CancellationToken time)
        {
            while (!time.IsCancellationRequested)
            {
                await using var client = await RawClient.ConnectAsync(port);
                for (var isOpen = true; isOpen && !time.IsCancellationRequested;)
                    isOpen = await StepAsync(client);
            }
        }

        /// <summary>False: the connection is of no use any more.</summary>
        private async Task<bool> StepAsync(RawClient client)
        {
            var (request, expected) = Make();
            switch (random.Next(12))
            {
                case 0:
                    await SendAsync(client, request.AsMemory(0, random.Next(request.Length)));
                    client.Reset();
                    return Note("reset in a request");
                case 1:
                    await SendAsync(client, request);
                    for (var left = random.Next(expected.Length); left > 0 && await client.Wire.ReadByteAsync() is not null; left--)
                    {
                    }
                    client.Reset();
                    return Note("reset in an answer");
                case 2:
                    await SendAsync(client, request);
                    client.Socket.Shutdown(SocketShutdown.Send);
                    await CheckCutOffAsync(client, expected);
                    return Note("half-closed");
                case 3 or 4:
                    var (second, expectedNext) = Make();
                    var sending = SendAsync(client, (byte[])[.. request, .. second]);
                    await CheckAsync(client, expected);
                    await CheckAsync(client, expectedNext);
                    await sending;
                    Note("two at once");
                    return random.Next(4) != 0;
                default:
                    var sent = SendAsync(client, request);
                    await CheckAsync(client, expected);
                    await sent;
                    Note("answer");
                    return random.Next(6) != 0;
            }
        }

        private bool Note(string kind)
        {
            outcomes.AddOrUpdate(kind, 1, (_, n) => n + 1);
            return false;
        }

        private (byte[] Request, byte[] Expected) Make()
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{number}-{++_count}");
            var body = new byte[random.Next(3) switch { 0 => 0, 1 => random.Next(5000), _ => random.Next(random.Next(300_000) + 1) }];
            random.NextBytes(body);
            var more = random.Next(random.Next(4) == 0 ? 200_000 : 3000);
            var isChunked = random.Next(2) == 0;
            var head = $"POST /a/ HTTP/1.1\r\nHost: a\r\nX-Id: {id}\r\nX-More: {more}\r\n"
                + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {body.Length}\r\n\r\n");
            if (!isChunked)
                return ([.. Latin1(head), .. body], Content(id, body, more));
            var request = new List<byte>(Latin1(head));
            for (var done = 0; done < body.Length;)
            {
                var size = Math.Min(body.Length - done, 1 + random.Next(40_000));
                request.AddRange(Latin1($"{size:x}\r\n"));
                request.AddRange(body.AsSpan(done, size));
                request.AddRange(Latin1("\r\n"));
                done += size;
            }
            request.AddRange(Latin1("0\r\n\r\n"));
            return ([.. request], Content(id, body, more));
        }

        private async Task SendAsync(RawClient client, ReadOnlyMemory<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var size = Math.Min(bytes.Length, 1 + random.Next(random.Next(3) == 0 ? 500 : 100_000));
                await client.Wire.SendAsync(bytes[..size]);
                bytes = bytes[size..];
            }
        }

        private static async Task CheckAsync(RawClient client, byte[] expected)
        {
            var answer = await client.ReadResponseAsync();
            Assert.True(answer.Status == 200, $"{answer.Head} instead of {First(expected)}");
            Assert.True(expected.AsSpan().SequenceEqual(answer.Body), $"{First(answer.Body)} ({answer.Body.Length}) instead of {First(expected)} ({expected.Length})");
        }

        /// <summary>Who has ended its side counts as gone: the answer may be missing, but it is not another's, and not taken for whole when it is not.
        /// </summary>
        private static async Task CheckCutOffAsync(RawClient client, byte[] expected)
        {
            try
            {
                await CheckAsync(client, expected);
            }
            catch (Exception e) when (e is IOException or FormatException)
            {
                // Cut off.
            }
        }

        private static string First(byte[] content) => Encoding.Latin1.GetString(content.AsSpan(0, Math.Min(content.Length, 100))).Split('\n')[0];
    }
}
