using System.Net;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>
/// A connected TCP socket of a loop. It tries, and where there is nothing to be had yet it lets one wait for it.
/// <code>
///   TryReceive ──nothing──► TryAwaitReadable(waiter) ──bytes come──► waiter.Execute() on the loop, once ──► TryReceive …
/// </code>
/// One reader and one writer at a time; <see cref="WatchedSocket.Close"/> at any time, by anybody.
/// </summary>
/// <remarks>
/// The kernel tells once of what comes (edge-triggered). So that nothing is missed, the note of it is taken down before a try, never behind
/// it: what comes in between puts it up again. A receive that does not fill its buffer has emptied the socket, so nothing is asked for in vain.
/// </remarks>
internal sealed unsafe class LoopSocket(EventLoop loop, int descriptor) : WatchedSocket(loop, descriptor)
{
    /// <summary>There is nothing to be had, or no room.</summary>
    public const int NotNow = -1;

    private Side _input = new(isInput: true);
    private Side _output = new(isInput: false);
    private volatile bool _hungUp;
    // The kernel tells of a break once, and from then on of an end: what a send was told, a receive must know.
    private volatile int _sendError;

    /// <summary>Told on the loop when the peer has ended its side, or the connection is broken. May be told more than once.</summary>
    public IHangUp? HangUp { get; set; }

    /// <summary>Nothing came that was not received, as far as the loop knows, the peer has not hung up, and it is open.</summary>
    public bool IsQuiet => !_hungUp && !_input.IsReady && !IsClosed;

    /// <summary>The next receive asks the kernel, whatever the loop knows: it may be behind. While nobody waits to read.</summary>
    public void AskKernel() => _input.More();

    /// <summary>Asks the kernel whether anything came that was not received. While nobody reads.</summary>
    /// <remarks>The loop may have been told of bytes that a receive took before: <see cref="IsQuiet"/> errs on that side only.</remarks>
    public bool IsQuietForCertain()
    {
        if (_hungUp || !TryEnter())
            return false;
        _input.Begin();
        byte first;
        var length = Libc.Receive(Descriptor, &first, 1, Libc.Peek);
        var isQuiet = length < 0 && Marshal.GetLastPInvokeError() == Libc.TryAgain;
        if (!isQuiet)
            _input.More();
        Leave();
        return isQuiet;
    }

    /// <summary>Receives what is there. 0: the peer has ended its side; <see cref="NotNow"/>: nothing is there.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TryReceive(Span<byte> into)
    {
        // A close puts the note up, but a try that was about to begin takes it down again.
        if (IsQuiet)
            return NotNow;
        Enter();
        try
        {
            _input.Begin();
            while (true)
            {
                nint length;
                fixed (byte* start = into)
                    length = Libc.Receive(Descriptor, start, into.Length, 0);
                if (length == into.Length)
                    _input.More();
                if (length == 0 && _sendError != 0)
                    throw Broken(_sendError);
                if (length >= 0)
                    return (int)length;
                var error = Marshal.GetLastPInvokeError();
                if (error == Libc.TryAgain)
                    return NotNow;
                if (error != Libc.Interrupted)
                    throw Broken(error);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Has <paramref name="waiter"/> executed once when there is something to receive, or it is closed. False: try again now.</summary>
    public bool TryAwaitReadable(IThreadPoolWorkItem waiter) => TryAwait(ref _input, waiter);

    /// <summary>Takes the waiter back. False: it has been executed, or will be.</summary>
    public bool TryTakeBackReader() => _input.TryTakeBack();

    /// <summary>Sends as much as there is room for; <see cref="NotNow"/>: there is none.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var part = new Libc.Part { Start = start, Length = bytes.Length };
            return TrySend(new ReadOnlySpan<Libc.Part>(ref part));
        }
    }

    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    /// <param name="parts">Pinned.</param>
    public int TrySend(ReadOnlySpan<Libc.Part> parts)
    {
        Enter();
        try
        {
            _output.Begin();
            while (true)
            {
                var sent = Send(parts);
                if (sent >= 0)
                    return (int)sent;
                var error = Marshal.GetLastPInvokeError();
                if (error == Libc.TryAgain)
                    return NotNow;
                if (error == Libc.Interrupted)
                    continue;
                // Of a peer that had ended its side before (EPIPE) everything has come.
                if (error != Libc.BrokenPipe)
                    _sendError = error;
                throw Broken(error);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends this side, behind what was sent; the peer may go on. False: it is closed or broken.</summary>
    public bool TryEndSending()
    {
        if (!TryEnter())
            return false;
        var ended = Libc.Shutdown(Descriptor, Libc.ShutdownSend) == 0;
        Leave();
        return ended;
    }

    /// <summary>Has <paramref name="waiter"/> executed once when there is room to send, or it is closed. False: try again now.</summary>
    public bool TryAwaitWritable(IThreadPoolWorkItem waiter) => TryAwait(ref _output, waiter);

    /// <inheritdoc cref="TryTakeBackReader"/>
    public bool TryTakeBackWriter() => _output.TryTakeBack();

    /// <summary>This side's address.</summary>
    public IPEndPoint? OwnAddress()
    {
        if (!TryEnter())
            return null;
        var address = stackalloc byte[SocketAddresses.Longest];
        var length = SocketAddresses.Longest;
        var got = Libc.GetOwnAddress(Descriptor, address, &length);
        Leave();
        return got == 0 ? SocketAddresses.Read(new ReadOnlySpan<byte>(address, length)) : null;
    }

    /// <summary>The outcome of a connect that was under way: 0, or the kernel's error.</summary>
    public int TakeError()
    {
        Enter();
        int error;
        var length = sizeof(int);
        var got = Libc.GetOption(Descriptor, Libc.SocketLevel, Libc.SocketError, &error, &length);
        if (got != 0)
            error = Marshal.GetLastPInvokeError();
        Leave();
        return error;
    }

    /// <summary>Small pieces are sent at once, not gathered (no Nagle).</summary>
    public static void SendAtOnce(int descriptor)
    {
        var yes = 1;
        _ = Libc.SetOption(descriptor, Libc.TcpLevel, Libc.TcpNoDelay, &yes, sizeof(int));
    }

    /// <inheritdoc/>
    public override void Happened(uint what)
    {
        var isOver = (what & (Libc.PeerHangUp | Libc.HangUp | Libc.Error)) != 0;
        if (isOver)
            _hungUp = true;
        if ((what & Libc.Out) != 0 || isOver)
            _output.Happened();
        if ((what & Libc.In) != 0 || isOver)
            _input.Happened();
        if (isOver)
            HangUp?.HungUp();
    }

    protected override void Wake()
    {
        _input.Wake();
        _output.Wake();
    }

    private bool TryAwait(ref Side side, IThreadPoolWorkItem waiter)
    {
        if (!side.TryAwait(waiter))
            return false;
        // Closed in between, or hung up for good, and nobody else would tell.
        return !(IsClosed || (_hungUp && side.IsInput)) || !side.TryTakeBack();
    }

    private nint Send(ReadOnlySpan<Libc.Part> parts)
    {
        if (parts.Length == 1)
            return Libc.Send(Descriptor, parts[0].Start, parts[0].Length, Libc.NoSignal);
        fixed (Libc.Part* first = parts)
        {
            var message = new Libc.Message { Parts = first, PartCount = parts.Length };
            return Libc.Send(Descriptor, &message, Libc.NoSignal);
        }
    }
}
