using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>A listening TCP socket of a loop: it tries to accept, and where nobody has come it lets one wait, as <see cref="LoopSocket"/> does.
/// </summary>
internal sealed unsafe class ListeningSocket(EventLoop loop, int descriptor) : WatchedSocket(loop, descriptor)
{
    private Side _input = new(isInput: true);

    /// <summary>A descriptor of the same socket, with an owner of its own.</summary>
    /// <exception cref="IOException">The machine is out of something.</exception>
    public static int Duplicate(Socket socket)
    {
        var copy = Libc.Control((int)socket.SafeHandle.DangerousGetHandle(), Libc.DuplicateCloseOnExec, 0);
        return copy >= 0 ? copy : throw Broken(Marshal.GetLastPInvokeError());
    }

    /// <summary>Takes a connection. <see cref="LoopSocket.NotNow"/>: there is none.</summary>
    /// <exception cref="SocketException">It failed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TryAccept(out IPEndPoint? peer) => TryAccept(out peer, isBeside: false);

    /// <summary>As <see cref="TryAccept(out IPEndPoint?)"/>, beside one who may wait. That one is not told of what is left, so close it then.</summary>
    /// <exception cref="SocketException">It failed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TryAcceptBeside(out IPEndPoint? peer) => TryAccept(out peer, isBeside: true);

    /// <summary>Has <paramref name="waiter"/> executed once when somebody has come, or it is closed. False: try again now.</summary>
    public bool TryAwait(IThreadPoolWorkItem waiter) => _input.TryAwait(waiter) && (!IsClosed || !_input.TryTakeBack());

    public override void Happened(uint what) => _input.Happened();

    protected override void Wake() => _input.Wake();

    private int TryAccept(out IPEndPoint? peer, bool isBeside)
    {
        var address = stackalloc byte[SocketAddresses.Longest];
        var length = SocketAddresses.Longest;
        peer = null;
        Enter();
        try
        {
            if (!isBeside)
                _input.Begin();
            var accepted = Libc.Accept(Descriptor, address, &length, Libc.NonBlockCloseOnExec);
            var error = accepted >= 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error == Libc.TryAgain)
                return LoopSocket.NotNow;
            // There may be another.
            if (!isBeside)
                _input.More();
            if (error != 0)
                throw new SocketException(SocketErrors.Of(error), Marshal.GetPInvokeErrorMessage(error));
            peer = SocketAddresses.Read(new ReadOnlySpan<byte>(address, length));
            return accepted;
        }
        finally
        {
            Leave();
        }
    }
}
