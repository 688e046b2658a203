using BucketProxy.Forwarder.Transport;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class BlockPoolTests
{
    [Fact]
    public void Rent_WhileFewAreLent_GivesLargeBlocks()
    {
        using var pool = new BlockPool(mostLarge: 2);

        using var first = pool.Rent(2048);
        using var second = pool.Rent();

        Assert.Equal(BlockPool.Large, first.Memory.Length);
        Assert.Equal(BlockPool.Large, second.Memory.Length);
    }

    [Fact]
    public void Rent_WhenTheLargeOnesAreLent_GivesSmallBlocksUntilOneComesBack()
    {
        using var pool = new BlockPool(mostLarge: 2);
        var first = pool.Rent(2048);
        using var second = pool.Rent(2048);

        using (var third = pool.Rent(2048))
            Assert.Equal(BlockPool.Small, third.Memory.Length);
        first.Dispose();

        using var fourth = pool.Rent(2048);
        Assert.Equal(BlockPool.Large, fourth.Memory.Length);
    }

    [Fact]
    public void Rent_ForMoreThanASmallBlockHolds_GivesALargeOneAllTheSame()
    {
        using var pool = new BlockPool(mostLarge: 0);

        using var block = pool.Rent(BlockPool.Small + 1);

        Assert.Equal(BlockPool.Large, block.Memory.Length);
    }

    [Fact]
    public void Rent_ForMoreThanALargeBlockHolds_Throws()
    {
        using var pool = new BlockPool();

        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(BlockPool.Large + 1));
    }

    [Fact]
    public void Dispose_OfABlockThatIsBackAlready_ThrowsInsteadOfLendingItTwice()
    {
        using var pool = new BlockPool();
        var block = pool.Rent();
        block.Dispose();

        Assert.Throws<InvalidOperationException>(block.Dispose);

        using var first = pool.Rent();
        using var second = pool.Rent();
        Assert.False(first.Memory.Span.Overlaps(second.Memory.Span));
    }

    [Fact]
    public async Task Rent_FromManyThreads_NeverLendsABlockTwice()
    {
        using var pool = new BlockPool(mostLarge: 4);
        using var start = new Barrier(4);

        var workers = Enumerable.Range(1, 4).Select(worker => Task.Factory.StartNew(
            () => Use((byte)worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        await Task.WhenAll(workers);

        void Use(byte mark)
        {
            start.SignalAndWait();
            for (var i = 0; i < 20_000; i++)
            {
                using var one = pool.Rent();
                using var other = pool.Rent();
                one.Memory.Span[0] = mark;
                other.Memory.Span[0] = (byte)(mark + 100);
                Assert.Equal(mark, one.Memory.Span[0]);
                Assert.Equal(mark + 100, other.Memory.Span[0]);
            }
        }
    }
}
