using BucketProxy.Gateway.Load;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Gateway.Tunnels;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>Whatever bytes the ends of a websocket send, and however they come, frames begin and end where a plain reading of the whole has it.</summary>
[Trait("Kind", "Fuzz")]
public sealed class FrameFuzzTests
{
    private const int Cases = 2000;

    [Fact]
    public Task Cursor_AnyBytesHoweverCut_StandsWhereTheReferenceDoes() => Fuzzing.RunAsync(Cases, random =>
    {
        var bytes = FrameReference.Bytes(random);
        var reference = new FrameReference(bytes);
        var cursor = new FrameCursor();
        foreach (var piece in Pieces.Of(bytes.Length, random))
        {
            var (at, length) = piece.GetOffsetAndLength(bytes.Length);
            for (var end = at + length; at < end;)
            {
                // Each may stop at once, but none for every opcode.
                var opcode = (byte)random.Next(1, 16);
                var way = random.Next(3);
                var data = bytes.AsSpan(at..end);
                var passed = way switch
                {
                    0 => cursor.AdvanceToBoundary(data),
                    1 => cursor.AdvanceThrough(opcode, data),
                    _ => cursor.AdvanceUntil(opcode, data),
                };
                UInt128? stop = way switch
                {
                    0 => reference.EndOf((uint)at),
                    _ when reference.HasEnded(opcode, (uint)at) => (uint)at,
                    1 => reference.Frames.FirstOrDefault(f => f.Opcode == opcode && f.End > (uint)at)?.End,
                    _ => reference.Frames.Where(f => f.Opcode == opcode && f.End > (uint)at).Select(f => f.Start >= at ? (uint)f.Start : f.End).Append(FrameReference.Never).First(),
                };
                Assert.Equal(UInt128.Min((uint)end, stop ?? FrameReference.Never), (UInt128)(uint)(at + passed));
                at += passed;
                Assert.Equal(
                    (reference.IsBoundary((uint)at), reference.Latest((uint)at), reference.HasEnded(FrameCursor.Close, (uint)at)),
                    (cursor.AtBoundary, (int)cursor.Latest, cursor.HasEnded(FrameCursor.Close)));
            }
        }
    });

    [Fact]
    public Task Cursor_CloseHoweverCut_FoundWhereTheReferenceFindsIt() => Fuzzing.RunAsync(Cases, random =>
    {
        var bytes = FrameReference.Bytes(random);
        var close = new FrameReference(bytes).CloseEnd;
        var cursor = new FrameCursor();
        var passed = Pieces.Of(bytes.Length, random).Sum(piece => cursor.AdvanceThrough(FrameCursor.Close, bytes.AsSpan(piece)));

        Assert.Equal(UInt128.Min((uint)bytes.Length, close), (UInt128)(uint)passed);
        Assert.Equal(close <= (uint)bytes.Length, cursor.HasEnded(FrameCursor.Close));
        return close != FrameReference.Never;
    });

    // What is stopped, closed and ended in any order.
    [Fact]
    public Task ClientDirection_AnyBytesAndAnyOrder_NodeGetsWholeFramesAndOneClose() => Fuzzing.RunAsync(Cases, random =>
    {
        var run = new ClientDirectionRun(FrameReference.Bytes(random), random);
        for (var steps = random.Next(1, 60); steps > 0; steps--)
            run.Step();
        run.ReadOut();
    });

    [Fact]
    public Task Stream_NodesBytesHoweverCut_ClientGetsWhatComesBeforeACloseAndOneClose() => Fuzzing.RunAsync(Cases, async random =>
    {
        var bytes = FrameReference.Bytes(random);
        var reference = new FrameReference(bytes);
        var closeAt = random.Next(bytes.Length + 1);
        await using var client = new MemoryStream();
        await using var stream = new TunnelStream(client, GatewayUnderTest.BaseId, new LoadCounters(TimeProvider.System, 1), () => { }, () => { }, canCancel: true);
        Task? closed = null;
        var written = 0;
        foreach (var piece in Pieces.Of(bytes.Length, random))
        {
            if (closed is null && piece.Start.Value >= closeAt)
                Close();
            await stream.WriteAsync(bytes.AsMemory(piece));
            written = piece.End.Value;
        }
        if (closed is null)
            Close();

        // Until a move, the node's close passes too; of one that has begun by then, the rest.
        var first = reference.Frames.FirstOrDefault(f => f.Opcode == Ws.Close);
        var end = UInt128.Min((uint)bytes.Length, first is null ? FrameReference.Never : first.Start >= closeAt ? (uint)first.Start : first.End);
        var isAtBoundary = reference.IsBoundary(end);
        var hasClose = first is not null && end == first.End;
        Assert.Equal(isAtBoundary, await stream.TryCloseClientAsync(CancellationToken.None));
        byte[] expected = [.. bytes.AsSpan(0, (int)end), .. isAtBoundary && !hasClose ? CloseFrame.ToClient.ToArray() : []];
        Assert.Equal(expected, client.ToArray());
        Assert.Equal(hasClose || (first is not null && first.Start >= closeAt), closed!.IsCompleted);

        void Close()
        {
            closeAt = written;
            stream.StopClient();
            closed = stream.CloseNode();
        }
    });
}
