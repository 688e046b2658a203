using System.Buffers;
using BucketProxy.Forwarder.Forwarding;

namespace BucketProxy.Forwarder.Tests.Forwarding;

public sealed class PumpBufferTests
{
    // Found by answers that were mixed up: a buffer given back twice was used by two requests at once.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_StreamBreaksWhileItWaits_BufferIsReturnedOnce(bool inTheRead)
    {
        var pool = new CountingPool();
        var stream = new BreakingStream(inTheRead);
        using (var buffer = new PumpBuffer(pool))
        {
            Assert.True(await buffer.ReadAsync(stream, default));
            Assert.Equal("x"u8.ToArray(), buffer.Data.ToArray());
            await Assert.ThrowsAsync<IOException>(async () => await buffer.ReadAsync(stream, default));
        }

        Assert.Equal(pool.Rented, pool.Returned);
        Assert.Equal(pool.Returned.Count, pool.Returned.Distinct().Count());
    }

    [Fact]
    public async Task Read_NothingComes_NoBufferIsKept()
    {
        var pool = new CountingPool();
        var stream = new BreakingStream(inTheRead: false) { WaitsForEver = true };
        using var buffer = new PumpBuffer(pool);
        await buffer.ReadAsync(stream, default);

        var waiting = buffer.ReadAsync(stream, default).AsTask();

        Assert.False(waiting.IsCompleted);
        Assert.Equal(pool.Rented, pool.Returned);
    }

    private sealed class CountingPool : ArrayPool<byte>
    {
        public List<byte[]> Rented { get; } = [];

        public List<byte[]> Returned { get; } = [];

        public override byte[] Rent(int minimumLength)
        {
            Rented.Add(new byte[minimumLength]);
            return Rented[^1];
        }

        public override void Return(byte[] array, bool clearArray = false) => Returned.Add(array);
    }

    /// <summary>Gives one byte at once, then waits, then breaks.</summary>
    private sealed class BreakingStream(bool inTheRead) : MemoryStream
    {
        private int _reads;

        public bool WaitsForEver { get; init; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            switch (++_reads)
            {
                case 1:
                    return 0;
                case 2:
                    buffer.Span[0] = (byte)'x';
                    return 1;
                case 3 when inTheRead:
                    return 0;
                default:
                    if (WaitsForEver)
                        await new TaskCompletionSource().Task;
                    await Task.Yield();
                    throw new IOException("broken");
            }
        }
    }
}
