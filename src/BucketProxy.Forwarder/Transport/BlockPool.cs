using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// The memory that the server's connections read into and writes from. The server's own blocks are 4 KB, and it takes one per read and
/// write: a body of 64 KB would be sixteen reads and sixteen writes. A connection that waits for data holds no block.
/// </summary>
/// <remarks>
/// Only so many large blocks are lent at a time; who comes then gets small ones. So a crowd of clients that dribble their requests, or
/// do not read their answers, costs no more than it would with small blocks alone.
/// Thread-safe. Lives as long as the process: blocks that are not lent are kept.
/// </remarks>
public sealed class BlockPool(int mostLarge = BlockPool.MostLarge) : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>64 KB and a request head: a body of the usual size of an upload's piece comes with its head in one read.</summary>
    public const int Large = 72 * 1024;

    /// <summary>What the server itself uses.</summary>
    public const int Small = 4 * 1024;

    // 18 MB if all of them are in use, and written to the full, at the same time.
    private const int MostLarge = 256;
    private const int MostSmallKept = 1024;

    // Last in, first out: what was used last is in the processor's cache.
    private readonly Stack<Block> _large = new();
    private readonly Stack<Block> _small = new();
    private readonly Lock _lock = new();
    private int _largeLent;
    private int _lent;

    public override int MaxBufferSize => Large;

    /// <summary>How many blocks are lent now.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minBufferSize"/> is above <see cref="Large"/>.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Large);
        Block? block;
        bool isLarge;
        lock (_lock)
        {
            isLarge = _largeLent < mostLarge || minBufferSize > Small;
            if (isLarge)
                _largeLent++;
            if ((isLarge ? _large : _small).TryPop(out block))
                block.IsLent = true;
            _lent++;
        }
        return block ?? new Block(this, isLarge ? Large : Small);
    }

    /// <summary>One pool for all of the server's queues.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    protected override void Dispose(bool disposing)
    {
        // The server disposes of what it created; blocks that are still lent then come back later.
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            // Twice in the pool, it would be lent to two connections.
            if (!block.IsLent)
                throw new InvalidOperationException("The block was returned already.");
            block.IsLent = false;
            _lent--;
            if (block.Memory.Length == Large)
            {
                _largeLent--;
                if (_large.Count < mostLarge)
                    _large.Push(block);
            }
            else if (_small.Count < MostSmallKept)
            {
                _small.Push(block);
            }
        }
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        private readonly BlockPool _pool;

        public Block(BlockPool pool, int size)
        {
            _pool = pool;
            // Pinned: sockets need not pin it for each operation.
            Memory = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(size, pinned: true), 0, size);
        }

        public Memory<byte> Memory { get; }

        public bool IsLent { get; set; } = true;

        public void Dispose() => _pool.Return(this);
    }
}
