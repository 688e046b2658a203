using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Tests.Transport;

/// <summary>Reads in any way that is allowed, and compares with what System.IO.Pipelines.Pipe promises its reader.</summary>
/// <remarks>One thing differs, as with a reader over a stream: TryRead does not give again what was examined to its end.</remarks>
public sealed class LoopReaderModelTests
{
    [Fact]
    public Task AnyReads_OfAnyPieces_EveryByteOnceAndInOrder() => Seeded.RunAsync(60, async random =>
    {
        // Without large blocks the same bytes lie in many.
        var pool = random.Next(2) == 0 ? new BlockPool() : new BlockPool(mostLarge: 0);
        await using var accepted = await Accepted.ConnectAsync(pool: pool);
        var total = random.Next(4) == 0 ? random.Next(300) : random.Next(400_000);
        var isReset = random.Next(4) == 0;
        var sending = SendAsync(accepted, total, isReset, new Random(random.Next()));
        using var over = new CancellationTokenSource();
        var cancelling = random.Next(2) == 0 ? CancelAsync(accepted.Input, new Random(random.Next()), over.Token) : Task.FromResult(0);

        var model = new Model(accepted.Input, pool, total);
        try
        {
            while (await model.StepAsync(random))
            {
            }
            Assert.False(isReset, "A reset was taken for an end.");
            Assert.Equal(total, model.Consumed);
        }
        catch (ConnectionResetException)
        {
            Assert.True(isReset);
        }
        await over.CancelAsync();
        await sending;
        // Calls that come together cancel one read; one that nobody met is left for the next.
        Assert.InRange(model.Strays, 0, await cancelling);
    });

    private static async Task SendAsync(Accepted accepted, int total, bool isReset, Random random)
    {
        await Task.Yield();
        var isFine = random.Next(3) == 0;
        for (var sent = 0; sent < total;)
        {
            var size = Math.Min(total - sent, 1 + random.Next(isFine ? 2000 : 100_000));
            var piece = Bytes.From(sent, size);
            for (var done = 0; done < size;)
                done += await accepted.Client.SendAsync(piece.AsMemory(done));
            sent += size;
            if (random.Next(2) == 0)
                await Task.Yield();
        }
        if (isReset)
            accepted.Reset();
        else
            accepted.Client.Shutdown(SocketShutdown.Send);
    }

    private static async Task<int> CancelAsync(PipeReader input, Random random, CancellationToken over)
    {
        var calls = 0;
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(3)), TimeProvider.System, CancellationToken.None);
            calls++;
            input.CancelPendingRead();
        }
        return calls;
    }

    private sealed class Model(PipeReader input, BlockPool pool, int total)
    {
        private int _examined;
        private int _seen;
        private bool _isCancelDue;

        public int Consumed { get; private set; }

        /// <summary>Reads that were cancelled, though not by this.</summary>
        public int Strays { get; private set; }

        /// <summary>False: everything was read.</summary>
        public async Task<bool> StepAsync(Random random)
        {
            if (random.Next(10) == 0)
            {
                input.CancelPendingRead();
                _isCancelDue = true;
            }
            ReadResult read;
            if (random.Next(3) == 0)
            {
                if (!input.TryRead(out read))
                {
                    Assert.False(_isCancelDue);
                    Assert.Equal(_seen, _examined);
                    return true;
                }
            }
            else
            {
                using var token = new CancellationTokenSource();
                read = await input.ReadAsync(random.Next(4) == 0 ? token.Token : CancellationToken.None).AsTask().Within();
            }
            Check(read);
            if (read.IsCompleted && read.Buffer.IsEmpty)
                return false;
            Advance(read.Buffer, random);
            return true;
        }

        private void Check(in ReadResult read)
        {
            var end = Consumed + (int)read.Buffer.Length;
            Assert.True(end >= _seen, "Bytes that were shown and not consumed are gone.");
            Assert.True(end > _examined || read.IsCanceled || read.IsCompleted, "There was nothing new to read.");
            if (read.IsCompleted)
                Assert.Equal(total, end);
            if (_isCancelDue)
                Assert.True(read.IsCanceled);
            else if (read.IsCanceled)
                Strays++;
            _isCancelDue = false;
            var place = Consumed;
            foreach (var memory in read.Buffer)
            {
                Bytes.Check(memory.Span, place);
                place += memory.Length;
            }
            _seen = end;
        }

        private void Advance(in ReadOnlySequence<byte> buffer, Random random)
        {
            var length = (int)buffer.Length;
            var consumed = length > 250_000 ? length : random.Next(4) switch { 0 => 0, 1 => length, _ => random.Next(length + 1) };
            var examined = random.Next(2) == 0 ? length : consumed + random.Next(length - consumed + 1);
            // What nobody means to look at again would come back for ever.
            if (consumed == 0 && examined < length && random.Next(2) == 0)
                examined = length;
            if (consumed == examined && random.Next(2) == 0)
                input.AdvanceTo(buffer.GetPosition(consumed));
            else
                input.AdvanceTo(consumed == 0 ? buffer.Start : buffer.GetPosition(consumed), examined == length ? buffer.End : buffer.GetPosition(examined));
            _examined = Consumed + examined;
            Consumed += consumed;
            if (Consumed == _seen)
                Assert.Equal(0, pool.Lent);
        }
    }
}
