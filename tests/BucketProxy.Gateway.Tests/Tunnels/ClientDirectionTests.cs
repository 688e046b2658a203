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
