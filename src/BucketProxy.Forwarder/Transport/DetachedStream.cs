using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// A connection that was taken from the server: what had come already, then the socket itself. One read and one write at a time. Reads and
/// writes wait for as long as it takes; <see cref="Stream.Dispose()"/> and <see cref="Abort"/>, by anybody at any time, end them.
/// </summary>
public sealed class DetachedStream : Stream
{
    private readonly LoopSocket _socket;
    private readonly LoopReceiver _receiver;
    private readonly LoopSender _sender;
    private byte[] _begun;
    private int _taken;

    internal DetachedStream(LoopSocket socket, byte[] begun)
    {
        _socket = socket;
        _receiver = new LoopReceiver(socket);
        _sender = new LoopSender(socket);
        _begun = begun;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Not supported.</summary>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Breaks the connection: the peer is told so (RST), and what was not sent is thrown away.</summary>
    public void Abort() => _socket.Close(abort: true);

    /// <summary>Reads what is there, or waits for something to come. With an empty buffer it only waits.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="cancellationToken">Ends a read that waits; the connection stands, and nothing is lost.</param>
    /// <returns>How many bytes; 0 at the end, or with an empty buffer.</returns>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_taken == _begun.Length)
        {
            return cancellationToken.CanBeCanceled
                ? WaitAsync(_receiver.ReceiveAsync(buffer), cancellationToken)
                : _receiver.ReceiveAsync(buffer);
        }
        var length = Math.Min(buffer.Length, _begun.Length - _taken);
        _begun.AsMemory(_taken, length).CopyTo(buffer);
        _taken += length;
        if (_taken == _begun.Length)
            (_begun, _taken) = ([], 0);
        return new ValueTask<int>(length);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Writes all of it; there is nothing to flush.</summary>
    /// <param name="buffer">What.</param>
    /// <param name="cancellationToken">Breaks the connection when it is cancelled while the write waits.</param>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.CanBeCanceled ? WaitAsync(_sender.SendAsync(buffer), cancellationToken) : _sender.SendAsync(buffer);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <summary>Not supported: nothing may block.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Not supported: nothing may block.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Closes the connection: what was written still goes to the peer.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _socket.Close();
        base.Dispose(disposing);
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> reading, CancellationToken cancellationToken)
    {
        if (reading.IsCompleted)
            return await reading;
        try
        {
            await using (cancellationToken.UnsafeRegister(static r => ((LoopReceiver)r!).Cancel(), _receiver))
                return await reading;
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    private async ValueTask WaitAsync(ValueTask writing, CancellationToken cancellationToken)
    {
        if (writing.IsCompleted)
        {
            await writing;
            return;
        }
        try
        {
            await using (cancellationToken.UnsafeRegister(static s => ((DetachedStream)s!).Abort(), this))
                await writing;
        }
        catch (ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }
}
