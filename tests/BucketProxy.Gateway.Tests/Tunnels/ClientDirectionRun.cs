using BucketProxy.Gateway.Tunnels;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>One <see cref="ClientDirection"/> beside what a plain reading of the client's bytes says of it.</summary>
/// <param name="bytes">What the client says.</param>
/// <param name="random">Decides what happens next.</param>
internal sealed class ClientDirectionRun(byte[] bytes, Random random)
{
    private readonly ClientDirection _direction = new();
    private readonly FrameReference _reference = new(bytes);
    private readonly List<byte> _toNode = [];
    // How much the client has said, how much of it went to the node, and where it was stopped: at the end of a frame.
    private int _said;
    private int _passed;
    private UInt128? _stop;
    private bool _isWithForwarder;
    private bool _isQuiet;
    private bool _isOver;
    private bool _hasEnded;
    private bool _isClosed;
    private int? _closeLeft;

    // Behind the client's own close nothing counts.
    private UInt128 Place => UInt128.Min((uint)_said, _reference.CloseEnd);

    private UInt128 Limit => UInt128.Min(_reference.CloseEnd, _stop ?? FrameReference.Never);

    private bool IsStopped => _stop is { } stop && Place >= stop;

    private bool HasPassedClose => (uint)_passed == _reference.CloseEnd;

    /// <summary>Something happens.</summary>
    public void Step()
    {
        switch (random.Next(12))
        {
            case 0:
                _direction.Stop();
                _stop ??= _reference.EndOf(Place);
                _isQuiet |= _isOver || _hasEnded || (IsStopped && !_isWithForwarder);
                break;
            case 1 when _isQuiet && _closeLeft is null:
                _direction.BeginClose();
                _closeLeft = HasPassedClose ? 0 : CloseFrame.ToNode.Length;
                break;
            // Mostly at its end, else too little is ever said.
            case 2 when _said == bytes.Length || random.Next(8) == 0:
                _direction.Ended();
                _hasEnded = true;
                _isQuiet |= _stop is not null;
                break;
            case 3 when random.Next(8) == 0:
                _direction.End();
                _isOver = true;
                _isQuiet |= _stop is not null;
                break;
            default:
                Ask();
                break;
        }
        Compare();
    }

    /// <summary>The forwarder reads no more; what the client still says goes nowhere.</summary>
    public void ReadOut()
    {
        _direction.End();
        _isOver = true;
        _isQuiet |= _stop is not null;
        while (Next() is { IsEmpty: false } data)
            Assert.Equal(_hasEnded || (uint)_said >= _reference.CloseEnd, _direction.PassOut(data));
        Compare();

        // The node's reading of it all: one close at most, and nothing behind it.
        var frames = new FrameReference([.. _toNode]).Frames;
        Assert.DoesNotContain(frames.SkipLast(1), f => f.Opcode == Ws.Close);
    }

    /// <summary>The forwarder asks for what comes next.</summary>
    private void Ask()
    {
        Span<byte> buffer = stackalloc byte[random.Next(1, 12)];
        var expected = _isOver ? ClientDirection.Step.End : !IsStopped ? ClientDirection.Step.Read : _closeLeft > 0 ? ClientDirection.Step.Give : ClientDirection.Step.Wait;
        _isWithForwarder = false;
        _isClosed = HasPassedClose;
        _isQuiet |= !_isOver && IsStopped;

        Assert.Equal(expected, _direction.Next(buffer, out var length));

        _toNode.AddRange(buffer[..length]);
        _closeLeft -= length;
        if (expected != ClientDirection.Step.Read || Next() is not { IsEmpty: false } data)
            return;
        var passed = _direction.Pass(data);
        Assert.Equal((int)UInt128.Min((uint)_said, Limit) - _passed, passed);
        _passed += passed;
        _isWithForwarder = passed > 0;
        _toNode.AddRange(data[..passed]);
    }

    private ReadOnlySpan<byte> Next()
    {
        var from = _said;
        if (!_hasEnded)
            _said = Math.Min(bytes.Length, _said + random.Next(1, random.Next(2) == 0 ? 8 : 400));
        return bytes.AsSpan(from.._said);
    }

    private void Compare()
    {
        Assert.Equal(
            (_hasEnded || (uint)_said >= _reference.CloseEnd, _isClosed, _stop is null || _isQuiet),
            (_direction.IsDone, _direction.IsClosed, _direction.Quiet.IsCompleted));
        var given = _closeLeft is { } left && !HasPassedClose ? CloseFrame.ToNode.Length - left : 0;
        byte[] expected = [.. bytes.AsSpan(0, _passed), .. CloseFrame.ToNode.Span[..given]];
        Assert.Equal(expected, _toNode.ToArray());
    }
}
