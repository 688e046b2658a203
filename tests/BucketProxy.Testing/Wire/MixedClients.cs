using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>Clients of a proxy that behave and misbehave, all at once, and a server behind it that says whose request it answers.</summary>
public static class MixedClients
{
    private static readonly string[] Kinds = ["answer", "two at once", "half-closed", "reset in a request", "reset in an answer"];

    /// <summary>Runs them until the time is over.</summary>
    /// <param name="count">How many.</param>
    /// <param name="duration">How long.</param>
    /// <param name="port">Where the proxy listens.</param>
    /// <param name="target">What they ask for.</param>
    /// <param name="seeds">Decides what each does.</param>
    /// <exception cref="InvalidDataException">A client got another answer than its own, or of some kind of behaviour none happened.</exception>
    public static async Task RunAsync(int count, TimeSpan duration, int port, string target, Random seeds)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        using var time = new CancellationTokenSource(duration, TimeProvider.System);
        var outcomes = new ConcurrentDictionary<string, int>();
        var clients = Enumerable.Range(0, count).Select(n => (n, seeds.Next())).Select(c => Task.Run(
            () => new Client(port, target, c.n, new Random(c.Item2), outcomes).RunAsync(time.Token))).ToArray();
        await Task.WhenAll(clients);
        if (Kinds.Where(kind => !outcomes.ContainsKey(kind)).ToList() is { Count: > 0 } missing)
            throw new InvalidDataException($"No {string.Join(", ", missing)} in {string.Join(", ", outcomes)}.");
    }

    /// <summary>Says whose request it was and what its body was, and then as many bytes as the request asks for.</summary>
    /// <param name="request">One of these clients'.</param>
    /// <param name="wire">Where it came from.</param>
    public static async Task AnswerAsync(RawRequest request, RawConnection wire)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(wire);
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

    private sealed class Client(int port, string target, int number, Random random, ConcurrentDictionary<string, int> outcomes)
    {
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
            var head = $"POST {target} HTTP/1.1\r\nHost: a\r\nX-Id: {id}\r\nX-More: {more}\r\n"
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
            if (answer.Status != 200)
                throw new InvalidDataException($"{answer.Head} instead of {First(expected)}");
            if (!expected.AsSpan().SequenceEqual(answer.Body))
                throw new InvalidDataException($"{First(answer.Body)} ({answer.Body.Length}) instead of {First(expected)} ({expected.Length})");
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
