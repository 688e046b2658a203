using BucketProxy.Gateway.Tunnels;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

public sealed class FrameCursorTests
{
    private static readonly int[] Lengths = [0, 1, 125, 126, 127, 65535, 65536, 70000];

    [Fact]
    public void AdvanceThrough_InPiecesOfAnySize_KnowsTheBoundaries()
    {
        var stream = new MemoryStream();
        var boundaries = new HashSet<long> { 0 };
        foreach (var length in Lengths)
        {
            foreach (var masked in (bool[])[true, false])
            {
                stream.Write(Ws.Frame(Ws.Binary, new byte[length], masked));
                boundaries.Add(stream.Length);
            }
        }
        var bytes = stream.ToArray();
        foreach (var piece in (int[])[1, 2, 3, 7, 1000, 65536, bytes.Length])
        {
            var cursor = new FrameCursor();
            for (var at = 0; at < bytes.Length; at += piece)
            {
                Assert.Equal(boundaries.Contains(at), cursor.AtBoundary);
                cursor.AdvanceThrough(FrameCursor.Close, bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
            }
            Assert.True(cursor.AtBoundary);
            Assert.Equal(Ws.Binary, cursor.Latest);
        }
    }

    [Fact]
    public void AdvanceToBoundary_InsideAFrame_StopsAtItsEnd()
    {
        var frame = Ws.Frame(Ws.Text, "hello", masked: true);
        var cursor = new FrameCursor();
        cursor.AdvanceThrough(FrameCursor.Close, frame.AsSpan(0, 4));

        var passed = cursor.AdvanceToBoundary([.. frame.AsSpan(4), .. frame]);

        Assert.Equal(frame.Length - 4, passed);
        Assert.True(cursor.AtBoundary);
        Assert.Equal(0, cursor.AdvanceToBoundary(frame));
    }

    [Fact]
    public void AdvanceUntil_CloseBehindOtherFrames_StopsBeforeIt()
    {
        byte[] before = [.. Ws.Frame(Ws.Text, "\x08\x88", masked: false), .. Ws.Frame(Ws.Ping, "", masked: false)];
        var cursor = new FrameCursor();

        Assert.Equal(before.Length, cursor.AdvanceUntil(FrameCursor.Close, [.. before, .. Ws.Frame(Ws.Close, "", masked: false)]));
        Assert.True(cursor.AtBoundary);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(125)]
    public void AdvanceThrough_Close_StopsAtItsEndHoweverItCame(int length)
    {
        byte[] upToClose = [.. Ws.Frame(Ws.Text, "\x08\x88", masked: true), .. Ws.Frame(Ws.Close, new byte[length], masked: true)];
        byte[] bytes = [.. upToClose, .. Ws.Frame(Ws.Text, "nobody's", masked: true)];
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var cursor = new FrameCursor();
            var passed = cursor.AdvanceThrough(FrameCursor.Close, bytes.AsSpan(0, cut));
            Assert.Equal(cut >= upToClose.Length, cursor.HasEnded(FrameCursor.Close));

            passed += cursor.AdvanceThrough(FrameCursor.Close, bytes.AsSpan(cut));

            Assert.Equal(upToClose.Length, passed);
            Assert.True(cursor.HasEnded(FrameCursor.Close));
        }
    }

    // What comes behind a close is nobody's, also behind one that a move found half sent, or sent.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void AdvanceUntil_InsideOrBehindAClose_StopsAtItsEnd(int first)
    {
        var close = Ws.Frame(Ws.Close, [3, 232], masked: false);
        var cursor = new FrameCursor();
        cursor.AdvanceThrough(FrameCursor.Close, close.AsSpan(0, first));

        Assert.Equal(close.Length - first, cursor.AdvanceUntil(FrameCursor.Close, [.. close.AsSpan(first), .. Ws.Frame(Ws.Text, "nobody's", masked: false)]));
        Assert.True(cursor.HasEnded(FrameCursor.Close));
    }

    [Fact]
    public void AdvanceUntil_NoClose_PassesAll()
    {
        var frame = Ws.Frame(Ws.Text, new string('\u0008', 300), masked: false);
        var cursor = new FrameCursor();

        Assert.Equal(frame.Length, cursor.AdvanceUntil(FrameCursor.Close, frame));
    }
}
