using System.Net;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The body of a destination's answer, for a transform that wants to read it.</summary>
internal sealed class AnswerContent(DestinationConnection connection) : HttpContent
{
    private readonly Body _body = new(connection);

    /// <summary>Somebody has asked for it: what is left on the connection need not be all of it.</summary>
    public bool WasAskedFor { get; private set; }

    /// <summary>The connection is not read any more.</summary>
    public void Leave() => _body.Leave();

    protected override Task<Stream> CreateContentReadStreamAsync()
    {
        WasAskedFor = true;
        return Task.FromResult<Stream>(_body);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        WasAskedFor = true;
        return _body.CopyToAsync(stream, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private sealed class Body(DestinationConnection connection) : Stream
    {
        private volatile DestinationConnection? _from = connection;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Leave() => _from = null;

        /// <summary>The token is not looked at: what cancels the request closes the connection, and so ends a read.</summary>
        /// <exception cref="IOException">The destination broke off.</exception>
        /// <exception cref="ObjectDisposedException">The request has ended.</exception>
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (true)
            {
                var from = _from;
                ObjectDisposedException.ThrowIf(from is null, this);
                if (from.IsBodyOver || buffer.IsEmpty)
                    return 0;
                var content = from.HasBuffered ? from.TakeBuffered(buffer.Span) : Take(from, buffer, await from.BeginRead(buffer));
                if (content > 0)
                    return content;
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) =>
            throw new NotSupportedException("Synchronous reads are not supported.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static int Take(DestinationConnection from, Memory<byte> buffer, int received) => from.EndRead(buffer.Span[..received]);
    }
}
