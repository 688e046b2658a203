using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The destination of an upgraded connection: what had come already, then the connection itself.</summary>
/// <param name="transport">The connection.</param>
/// <param name="begun">What was received from it and not looked at.</param>
/// <param name="close">Closes the connection; may be called more than once. A read or write that waits then fails.</param>
internal sealed class DestinationStream(ITransport transport, byte[] begun, Action close) : Stream
{
    private byte[] _begun = begun;
    private int _taken;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The token is not looked at: <see cref="Stream.Dispose()"/> ends a read.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_taken == _begun.Length)
            return transport.ReceiveAsync(buffer);
        var length = Math.Min(buffer.Length, _begun.Length - _taken);
        _begun.AsMemory(_taken, length).CopyTo(buffer);
        _taken += length;
        if (_taken == _begun.Length)
            (_begun, _taken) = ([], 0);
        return new ValueTask<int>(length);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        transport.SendAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc cref="ITransport.TryEndSending"/>
    public bool TryEndSending() => transport.TryEndSending();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            close();
        base.Dispose(disposing);
    }
}
