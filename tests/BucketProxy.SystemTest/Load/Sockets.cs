using System.Net.WebSockets;
using System.Text;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// A websocket on each of some bases, kept as SeaTable's clients keep theirs: whenever it ends it comes back, after a pause. Now and then each asks for an echo.
/// </summary>
internal sealed class Sockets : IAsyncDisposable
{
    private static readonly TimeSpan EchoEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EchoLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<IEntrance> _proxies;
    private readonly string[] _why;
    private readonly long[] _echoes;
    private readonly Task _all;
    private int _connects;

    public Sockets(IReadOnlyList<string> bases, IReadOnlyList<IEntrance> proxies, int seed)
    {
        _proxies = proxies;
        _why = new string[bases.Count];
        _echoes = new long[bases.Count];
        _all = Task.WhenAll(bases.Select((uuid, index) => KeepAsync(uuid, index, new Random((seed * 7919) + index))));
    }

    /// <summary>How often a socket came back.</summary>
    public int Reconnects => Math.Max(0, Volatile.Read(ref _connects) - _why.Length);

    /// <summary>Waits for one more echo on every socket; answers those that have none.</summary>
    public async Task<IReadOnlyList<string>> DeadAsync(TimeSpan limit)
    {
        var before = _echoes.ToArray();
        try
        {
            await Operator.UntilAsync("every socket echoes", limit, () => Task.FromResult(Enumerable.Range(0, before.Length).All(Echoed)));
            return [];
        }
        catch (TimeoutException)
        {
            return [.. Enumerable.Range(0, before.Length).Where(i => !Echoed(i)).Select(i => _why[i] ?? "no echo")];
        }

        bool Echoed(int i) => Interlocked.Read(ref _echoes[i]) > before[i];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        _stop.Dispose();
    }

    private async Task KeepAsync(string uuid, int index, Random random)
    {
        for (var attempt = index; !_stop.IsCancellationRequested; attempt++)
        {
            using var socket = new ClientWebSocket();
            var proxy = _proxies[attempt % _proxies.Count];
            try
            {
                await socket.ConnectAsync(new Uri($"ws://{proxy.Authority}/socket.io/?dtable_uuid={uuid}&EIO=4&transport=websocket"), _stop.Token);
                Interlocked.Increment(ref _connects);
                await EchoAsync(socket, index);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or TimeoutException)
            {
                _why[index] = $"{uuid} at {proxy.Name}: {e.Message}";
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500 + random.Next(1500)), TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task EchoAsync(ClientWebSocket socket, int index)
    {
        var buffer = new byte[256];
        while (true)
        {
            var text = $"echo {index} {Interlocked.Read(ref _echoes[index])}";
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, _stop.Token);
            var got = await socket.ReceiveAsync(buffer, _stop.Token).WaitAsync(EchoLimit);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _stop.Token);
                return;
            }
            if (Encoding.UTF8.GetString(buffer, 0, got.Count) != text)
                throw new WebSocketException($"another echo than sent: '{Encoding.UTF8.GetString(buffer, 0, got.Count)}' for '{text}'");
            Interlocked.Increment(ref _echoes[index]);
            // A close is seen at the next echo at the latest; its socket counts as open until then, as with a client that sleeps.
            await Task.Delay(EchoEvery, TimeProvider.System, _stop.Token);
        }
    }
}
