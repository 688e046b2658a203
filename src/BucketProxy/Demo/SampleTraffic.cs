using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.Demo;

/// <summary>What the sample clients have seen so far.</summary>
/// <param name="Requests">HTTP requests and websocket messages answered, or failed.</param>
/// <param name="Failed">Those that a real client would have seen fail.</param>
/// <param name="Bases">Bases asked for.</param>
/// <param name="Sockets">Websockets open.</param>
/// <param name="Reconnects">Websockets that were closed for a move (1012), or cut with the server that was killed, and came back.</param>
/// <param name="Cut">Requests and websockets that were with the server when it was killed, and failed with it.</param>
/// <param name="Deleted">Acknowledged rows that were old, were there, and were deleted.</param>
internal sealed record TrafficCount(long Requests, long Failed, int Bases, int Sockets, long Reconnects, long Cut, long Deleted);

/// <summary>
/// Clients as SeaTable has them: internal services that append and read rows and never retry, and browsers with a websocket
/// that come back when it is closed. At a bounded rate.
/// </summary>
[SuppressMessage("Security", "CA5394", Justification = "Sample traffic needs no secrecy.")]
internal sealed class SampleTraffic(Uri proxy, SampleBases bases, TimeProvider time) : IDisposable
{
    private const int Workers = 12;
    private const int Sockets = 24;
    private const int FailuresKept = 10;

    // More than are written in the demonstration that runs once: there every row is judged at the end.
    private const int RowsKept = 20_000;

    // Of what no death can be the reason.
    private const long DeadLong = long.MaxValue;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan MessagePause = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2) })
    {
        BaseAddress = proxy,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private readonly ConcurrentDictionary<BaseId, bool> _asked = [];
    private readonly ConcurrentQueue<OwnRow> _acknowledged = [];
    private readonly ConcurrentQueue<string> _failures = [];
    private long _requests;
    private long _failed;
    private long _reconnects;
    private long _cut;
    private long _deleted;
    private volatile Kill? _kill;
    private long _row;
    private int _open;

    /// <summary>What has been seen so far.</summary>
    public TrafficCount Count => new(
        Interlocked.Read(ref _requests), Interlocked.Read(ref _failed), _asked.Count, Volatile.Read(ref _open), Interlocked.Read(ref _reconnects),
        Interlocked.Read(ref _cut), Interlocked.Read(ref _deleted));

    /// <summary>The rows that nodes acknowledged, but for those that were deleted since.</summary>
    public IReadOnlyList<AcknowledgedRow> Acknowledged => [.. _acknowledged.Select(row => new AcknowledgedRow(row.Base.ToString(), "key", row.Key))];

    /// <summary>The first failures, in words.</summary>
    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>Something is killed: what is with it now, or comes to it before it is dead, may fail with it.</summary>
    /// <param name="hits">Whether a base is with it.</param>
    /// <param name="kill">Completes when it is dead. What begins after that may not fail.</param>
    public async Task KillingAsync(Func<BaseId, bool> hits, Func<Task> kill)
    {
        _kill = new Kill(hits, long.MaxValue);
        await kill();
        _kill = new Kill(hits, time.GetTimestamp());
    }

    /// <summary>Runs until cancelled; ends when every client has ended what it was at.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, Workers).Select(i => CallAsync(SampleBases.Random(i), cancellationToken))
            .Concat(Enumerable.Range(0, Sockets).Select(i => ListenAsync(SampleBases.Random(1000 + i), cancellationToken))));

    private async Task CallAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var id = bases.Pick(random);
            _asked.TryAdd(id, true);
            var since = time.GetTimestamp();
            try
            {
                if (random.Next(2) == 0)
                    await AppendAsync(id, since);
                else if (_acknowledged.Count > RowsKept && _acknowledged.TryDequeue(out var old))
                    await DeleteAsync(id = old.Base, old, since);
                else
                    await ReadAsync(id, since);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                Failed(id, since, $"{id}: {e.Message}");
            }
            Interlocked.Increment(ref _requests);
            await DelayAsync(Pause * (0.5 + random.NextDouble()), stop);
        }
    }

    private async Task AppendAsync(BaseId id, long since)
    {
        var key = $"row-{Interlocked.Increment(ref _row)}";
        var body = new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["key"] = key } };
        using var answer = await _http.PostAsJsonAsync($"/api/v1/dtables/{id}/rows/", body);
        if (!answer.IsSuccessStatusCode)
            Failed(id, since, $"append to {id}: {(int)answer.StatusCode}");
        else if ((string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())?["_id"] is { } row)
            _acknowledged.Enqueue(new OwnRow(id, key, row));
        else
            Failed(id, DeadLong, $"append to {id}: the answer names no row");
    }

    // So that the nodes, and what is remembered here, do not grow for ever. Where the row is gone, it was lost.
    private async Task DeleteAsync(BaseId id, OwnRow row, long since)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/dtables/{id}/rows/")
        {
            Content = JsonContent.Create(new JsonObject { ["table_name"] = "Table1", ["row_id"] = row.Id }),
        };
        using var answer = await _http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            Failed(id, since, $"deletion in {id}: {(int)answer.StatusCode}");
        else if ((int?)(await answer.Content.ReadFromJsonAsync<JsonObject>())?["deleted_rows"] == 1)
            Interlocked.Increment(ref _deleted);
        else
            Failed(id, DeadLong, $"{row.Key} of {id} was acknowledged and is lost");
    }

    private async Task ReadAsync(BaseId id, long since)
    {
        using var answer = await _http.GetAsync(new Uri($"/api/v1/dtables/{id}/rows/?table_name=Table1&limit=1", UriKind.Relative));
        if (!answer.IsSuccessStatusCode)
            Failed(id, since, $"read of {id}: {(int)answer.StatusCode}");
    }

    private async Task ListenAsync(Random random, CancellationToken stop)
    {
        var id = bases.Pick(random);
        var url = new UriBuilder(proxy) { Scheme = "ws", Path = "/socket.io/", Query = $"dtable_uuid={id}&transport=websocket" }.Uri;
        while (!stop.IsCancellationRequested)
        {
            using var socket = new ClientWebSocket();
            var since = time.GetTimestamp();
            try
            {
                await socket.ConnectAsync(url, CancellationToken.None);
                Interlocked.Increment(ref _open);
                try
                {
                    await EchoAsync(socket, id, since, stop);
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            }
            catch (WebSocketException e)
            {
                if (Failed(id, since, $"websocket of {id}: {e.Message}"))
                    Interlocked.Increment(ref _reconnects);
                await DelayAsync(MessagePause, stop);
            }
        }
    }

    // Until the proxy closes it for a move, or the demonstration ends.
    private async Task EchoAsync(ClientWebSocket socket, BaseId id, long since, CancellationToken stop)
    {
        var buffer = new byte[256];
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var text = $"{id} {n}";
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);
            var got = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                if ((int?)socket.CloseStatus == 1012 || Failed(id, since, $"websocket of {id}: closed with {(int?)socket.CloseStatus}"))
                    Interlocked.Increment(ref _reconnects);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }
            Interlocked.Increment(ref _requests);
            if (Encoding.UTF8.GetString(buffer, 0, got.Count) != text)
                Failed(id, DeadLong, $"websocket of {id}: another answer than was sent");
            await DelayAsync(MessagePause, stop);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken stop) =>
        await Task.Delay(delay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // True: it was with what was killed.
    private bool Failed(BaseId id, long since, string what)
    {
        if (_kill is { } kill && since < kill.DeadAt && kill.Hits(id))
        {
            Interlocked.Increment(ref _cut);
            return true;
        }
        Interlocked.Increment(ref _failed);
        if (_failures.Count < FailuresKept)
            _failures.Enqueue(what);
        return false;
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _http.Dispose();

    private sealed record OwnRow(BaseId Base, string Key, string Id);

    private sealed record Kill(Func<BaseId, bool> Hits, long DeadAt);
}
