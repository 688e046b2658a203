using System.Buffers;
using System.Runtime.CompilerServices;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// The buffer of one direction of an upgraded connection. While nothing comes it is given back: an idle connection waits with an empty one. Returned
/// exactly once for each time it was rented, whatever the stream throws: twice would hand one buffer to two connections.
/// </summary>
internal sealed class PumpBuffer(ArrayPool<byte> pool) : IDisposable
{
    private const int Size = 16 * 1024;
    private byte[]? _rented;

    /// <summary>What the last read brought.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>Reads into <see cref="Data"/>. False at the end of the stream.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var ready = stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
        if (!ready.IsCompletedSuccessfully)
            Dispose();
        await ready;
        _rented ??= pool.Rent(Size);
        var length = await stream.ReadAsync(_rented, cancellationToken);
        Data = _rented.AsMemory(0, length);
        return length > 0;
    }

    public void Dispose()
    {
        Data = default;
        if (_rented is not { } rented)
            return;
        _rented = null;
        pool.Return(rented);
    }
}
