using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Http1;

/// <summary>A socket of the runtime: under TLS, and on machines without event loops of ours.</summary>
/// <remarks>
/// A receive waits on every resting connection. So a destination's close is known before the connection is used again, without asking, and the answer
/// to the next request is received by it.
/// </remarks>
/// <param name="socket">Connected.</param>
/// <param name="secured">TLS over it; null without.</param>
internal sealed class StreamTransport(Socket socket, Stream? secured) : ITransport
{
    private readonly Stream _stream = secured ?? new NetworkStream(socket, ownsSocket: false);
    private byte[] _first = [];
    private ValueTask<int> _waiting;
    private bool _waits;
    private int _start;
    private int _end;

    public EventLoop? Loop => null;

    public bool IsQuiet => _waits && !_waiting.IsCompleted;

    public bool IsQuietForCertain()
    {
        try
        {
            return IsQuiet && (secured is not null || !socket.Poll(0, SelectMode.SelectRead));
        }
        catch (ObjectDisposedException)
        {
            // Closed in between.
            return false;
        }
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> into) =>
        _waits || _start < _end ? ReceiveWaitedForAsync(into) : _stream.ReadAsync(into);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes);

    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        foreach (var part in parts)
            await _stream.WriteAsync(part);
    }

    public void Rest()
    {
        if (_first.Length == 0)
            _first = new byte[2048];
#pragma warning disable CA2012 // Taken exactly once: by the next receive, or by nobody when the connection closes.
        _waiting = _stream.ReadAsync(_first);
#pragma warning restore CA2012
        _waits = true;
    }

    public bool TryEndSending()
    {
        // TLS ends both ways at once (RFC 5246 section 7.2.1; SslStream, also with TLS 1.3).
        if (secured is not null)
            return false;
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Broken or closed: there is nobody to be told.
            return false;
        }
    }

    public void Close() => socket.Dispose();

    private async ValueTask<int> ReceiveWaitedForAsync(Memory<byte> into)
    {
        if (_waits)
        {
            _waits = false;
            _start = 0;
            _end = await _waiting;
        }
        var length = Math.Min(into.Length, _end - _start);
        _first.AsMemory(_start, length).CopyTo(into);
        _start += length;
        return length;
    }
}
