using System.Net;
using System.Threading.Channels;

namespace BucketProxy.Etcd.Grpc;

/// <summary>The request's side of a call: frames that are sent as they come, until <see cref="Complete"/>.</summary>
/// <remarks><see cref="Started"/> is the whole knowledge there is of whether a request left this process: a gRPC server carries nothing
/// out before it has a message, and the message is sent from here.</remarks>
internal sealed class GrpcContent : HttpContent
{
    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(16) { SingleReader = true });
    private int _started;

    public GrpcContent() => Headers.TryAddWithoutValidation("content-type", "application/grpc");

    /// <summary>Whether a byte of a message may have left.</summary>
    public bool Started => Volatile.Read(ref _started) != 0;

    public ValueTask WriteAsync(byte[] frame, CancellationToken cancel) => _frames.Writer.WriteAsync(frame, cancel);

    /// <summary>Ends the request's side; the answer's side goes on.</summary>
    public void Complete() => _frames.Writer.TryComplete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await foreach (var frame in _frames.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            Volatile.Write(ref _started, 1);
            await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        Complete();
        base.Dispose(disposing);
    }
}
