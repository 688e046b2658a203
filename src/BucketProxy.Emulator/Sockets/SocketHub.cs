using System.Net.WebSockets;
using BucketProxy.Emulator.Bases;

namespace BucketProxy.Emulator.Sockets;

/// <summary>
/// Plain websockets on <c>/socket.io/</c>, grouped by base. A text message that begins with <c>all:</c> goes to every socket of the base;
/// anything else comes back to its sender as it was.
/// </summary>
internal sealed class SocketHub(TimeProvider time)
{
    /// <summary>"Service restart": clients come back by themselves, see RFC 6455 section 7.4.2 and the IANA registry.</summary>
    public const WebSocketCloseStatus ServiceRestart = (WebSocketCloseStatus)1012;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);
    private static readonly byte[] ToAll = "all:"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<HubSocket>> _byBase = new(StringComparer.Ordinal);
    private bool _closed;

    public int Count
    {
        get
        {
            lock (_lock)
                return _byBase.Values.Sum(sockets => sockets.Count);
        }
    }

    /// <summary>Null when the node is stopping.</summary>
    public HubSocket? Join(BaseKey key, WebSocket socket)
    {
        var member = new HubSocket(key, socket);
        lock (_lock)
        {
            if (_closed)
                return null;
            if (!_byBase.TryGetValue(key.Id, out var members))
                _byBase.Add(key.Id, members = []);
            members.Add(member);
            return member;
        }
    }

    /// <summary>Until the socket is closed by either side.</summary>
    public async Task RunAsync(HubSocket member, CancellationToken cancel)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            var message = new MemoryStream();
            while (true)
            {
                var got = await member.Socket.ReceiveAsync(buffer.AsMemory(), cancel);
                if (got.MessageType == WebSocketMessageType.Close)
                    break;
                message.Write(buffer.AsSpan(0, got.Count));
                if (!got.EndOfMessage)
                    continue;
                var content = message.ToArray();
                message.SetLength(0);
                HubSocket[] receivers = got.MessageType == WebSocketMessageType.Text && content.AsSpan().StartsWith(ToAll) ? MembersOf(member.Key) : [member];
                foreach (var receiver in receivers)
                    await receiver.SendAsync(content, got.MessageType, cancel);
            }
            await member.SayGoodbyeAsync(member.Socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, cancel);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client or the network is gone: nothing is owed to it any more.
        }
        finally
        {
            lock (_lock)
            {
                var members = _byBase[member.Key.Id];
                members.Remove(member);
                if (members.Count == 0)
                    _byBase.Remove(member.Key.Id);
            }
            member.Left.SetResult();
        }
    }

    /// <summary>Closes the base's sockets with 1012 and waits until they are gone.</summary>
    public Task CloseAsync(BaseKey key) => CloseAsync(MembersOf(key));

    /// <summary>Closes all sockets and accepts none any more.</summary>
    public Task StopAsync()
    {
        lock (_lock)
        {
            _closed = true;
            return CloseAsync([.. _byBase.Values.SelectMany(members => members)]);
        }
    }

    private async Task CloseAsync(HubSocket[] members)
    {
        await Task.WhenAll(members.Select(member => member.CloseAsync(ServiceRestart, CloseTimeout, time)));
        await Task.WhenAll(members.Select(member => member.Left.Task));
    }

    private HubSocket[] MembersOf(BaseKey key)
    {
        lock (_lock)
            return _byBase.TryGetValue(key.Id, out var members) ? [.. members] : [];
    }
}
