using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Http1;

/// <summary>A socket of an <see cref="EventLoop"/>.</summary>
internal sealed class LoopSocketTransport(LoopSocket socket) : ITransport
{
    private readonly LoopReceiver _receiver = new(socket);
    private readonly LoopSender _sender = new(socket);

    public EventLoop? Loop => socket.Loop;

    public bool IsQuiet => socket.IsQuiet || socket.IsQuietForCertain();

    public bool IsQuietForCertain() => socket.IsQuietForCertain();

    public ValueTask<int> ReceiveAsync(Memory<byte> into) => _receiver.ReceiveAsync(into);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _sender.SendAsync(bytes);

    public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts) => _sender.SendAsync(parts);

    public void Rest()
    {
        // The loop knows what comes without anybody waiting for it.
    }

    public bool TryEndSending() => socket.TryEndSending();

    public void Close() => socket.Close();
}
