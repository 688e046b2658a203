using BucketProxy.Gateway.Tunnels;
using Step = BucketProxy.Gateway.Tunnels.ClientDirection.Step;

namespace BucketProxy.Gateway.Tests.Tunnels;

public sealed class ClientDirectionTests
{
    // Masked, as a client's are: "hi".
    private static readonly byte[] Frame = [0x82, 0x82, 1, 2, 3, 4, (byte)'h' ^ 1, (byte)'i' ^ 2];
    private static readonly byte[] Close = [0x88, 0x80, 1, 2, 3, 4];
    private readonly ClientDirection _direction = new();
    private readonly byte[] _buffer = new byte[64];

    [Fact]
    public void Stop_BetweenFrames_QuietAtOnce()
    {
        Assert.Equal(Frame.Length, _direction.Pass(Frame));
        Assert.Equal(Step.Read, _direction.Next(_buffer, out _));

        _direction.Stop();

        Assert.True(_direction.Quiet.IsCompleted);
        Assert.Equal(0, _direction.Pass(Frame));
    }

    [Fact]
    public void Stop_FrameIsStillBeingSent_QuietOnlyWhenMoreIsAskedFor()
    {
        _direction.Pass(Frame);

        _direction.Stop();

        Assert.False(_direction.Quiet.IsCompleted);
        Assert.Equal(Step.Wait, _direction.Next(_buffer, out _));
        Assert.True(_direction.Quiet.IsCompleted);
    }

    [Fact]
    public void Stop_InsideAFrame_ItsRestPassesAndNothingBehind()
    {
        _direction.Pass(Frame.AsSpan(0, 3));
        _direction.Next(_buffer, out _);

        _direction.Stop();

        Assert.False(_direction.Quiet.IsCompleted);
        Assert.Equal(Step.Read, _direction.Next(_buffer, out _));
        Assert.Equal(Frame.Length - 3, _direction.Pass([.. Frame[3..], .. Frame]));
        Assert.False(_direction.Quiet.IsCompleted);
        Assert.Equal(Step.Wait, _direction.Next(_buffer, out _));
        Assert.True(_direction.Quiet.IsCompleted);
        Assert.False(_direction.IsDone);
    }

    [Fact]
    public void BeginClose_GivesOurCloseFrameWhateverRoomThereIs()
    {
        _direction.Stop();
        _direction.BeginClose();
        var given = new List<byte>();

        while (_direction.Next(_buffer.AsSpan(0, 3), out var length) == Step.Give)
            given.AddRange(_buffer.AsSpan(0, length));

        Assert.Equal(CloseFrame.ToNode.ToArray(), given);
    }

    [Fact]
    public void Pass_CloseOfTheClientBehindTheLastFrame_IsDone()
    {
        _direction.Pass(Frame.AsSpan(0, 3));
        _direction.Stop();

        _direction.Pass([.. Frame[3..], .. Close]);

        Assert.True(_direction.IsDone);
    }

    [Fact]
    public void Pass_CloseOfTheClient_IsClosedWhenTheNodeHasIt()
    {
        Assert.Equal(Close.Length, _direction.Pass([.. Close, .. Frame]));
        Assert.True(_direction.IsDone);
        Assert.False(_direction.IsClosed);

        Assert.Equal(Step.Read, _direction.Next(_buffer, out _));

        Assert.True(_direction.IsClosed);
        Assert.Equal(0, _direction.Pass(Frame));
    }

    [Fact]
    public void Pass_CloseOfTheClientAfterStop_IsDoneButNotClosed()
    {
        _direction.Stop();

        Assert.Equal(0, _direction.Pass(Close.AsSpan(0, 2)));
        Assert.False(_direction.IsDone);
        Assert.Equal(0, _direction.Pass(Close.AsSpan(2)));

        Assert.True(_direction.IsDone);
        Assert.Equal(Step.Wait, _direction.Next(_buffer, out _));
        Assert.False(_direction.IsClosed);
    }

    [Fact]
    public void BeginClose_ClientsOwnHasPassed_NodeGetsNoSecond()
    {
        _direction.Pass(Close);
        _direction.Stop();

        _direction.BeginClose();

        Assert.Equal(Step.Wait, _direction.Next(_buffer, out _));
    }

    // Else a move waits for a frame that never ends.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ended_InsideAFrame_Quiet(bool beforeTheStop)
    {
        _direction.Pass(Frame.AsSpan(0, 3));
        _direction.Next(_buffer, out _);
        if (beforeTheStop)
            _direction.Ended();

        _direction.Stop();
        if (!beforeTheStop)
            _direction.Ended();

        Assert.True(_direction.Quiet.IsCompleted);
        Assert.True(_direction.IsDone);
    }

    [Fact]
    public void End_InsideAFrameBeforeStop_Quiet()
    {
        _direction.Pass(Frame.AsSpan(0, 3));
        _direction.End();

        _direction.Stop();

        Assert.True(_direction.Quiet.IsCompleted);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    public void PassOut_CloseThatIsHalfPassed_TrueAtItsEnd(int first)
    {
        _direction.Pass(Close.AsSpan(0, first));

        Assert.Equal(first == Close.Length, _direction.IsDone);
        Assert.True(_direction.PassOut([.. Close.AsSpan(first)]));
    }

    [Fact]
    public void End_QuietAndOver()
    {
        _direction.Pass(Frame);
        _direction.Stop();

        _direction.End();

        Assert.True(_direction.Quiet.IsCompleted);
        Assert.Equal(Step.End, _direction.Next(_buffer, out var length));
        Assert.Equal(0, length);
    }
}
