using BucketProxy.Gateway.Upstream;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>A node's connection after a 101: what came with the answer's head, then the connection itself. Disposing of it closes the
/// connection; errors of the socket show as <see cref="IOException"/>.</summary>
internal sealed class NodeStream : Stream
{
    private readonly NodeConnection _connection;
    private readonly INodeTransport _transport;
    private byte[] _begun;
    private int _taken;

    public NodeStream(NodeConnection connection)
    {
        _connection = connection;
        (_transport, _begun) = connection.HandOver();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_taken == _begun.Length)
            return _transport.ReceiveAsync(buffer);
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
        _transport.SendAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

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
            _connection.Close();
        base.Dispose(disposing);
    }
}
