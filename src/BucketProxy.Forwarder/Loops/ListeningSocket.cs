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
    public int TryAccept(out IPEndPoint? peer)
    {
        Enter();
        try
        {
            _input.Begin();
            // There may be another, but where there was none.
            var accepted = Accept(out peer, out var error);
            if (accepted != LoopSocket.NotNow)
                _input.More();
            return accepted >= 0 || accepted == LoopSocket.NotNow ? accepted : throw Failed(error);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>As <see cref="TryAccept"/>, beside one who may wait: it is not woken by what is left, so close it then.</summary>
    /// <exception cref="SocketException">It failed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public int TryAcceptBeforeClose(out IPEndPoint? peer)
    {
        Enter();
        try
        {
            var accepted = Accept(out peer, out var error);
            return accepted >= 0 || accepted == LoopSocket.NotNow ? accepted : throw Failed(error);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Has <paramref name="waiter"/> executed once when somebody has come, or it is closed. False: try again now.</summary>
    public bool TryAwait(IThreadPoolWorkItem waiter) => _input.TryAwait(waiter) && (!IsClosed || !_input.TryTakeBack());

    public override void Happened(uint what) => _input.Happened();

    protected override void Wake() => _input.Wake();

    /// <summary>A descriptor, <see cref="LoopSocket.NotNow"/>, or another negative number and the error.</summary>
    private int Accept(out IPEndPoint? peer, out int error)
    {
        const int Broke = int.MinValue;
        var address = stackalloc byte[SocketAddresses.Longest];
        var length = SocketAddresses.Longest;
        var accepted = Libc.Accept(Descriptor, address, &length, Libc.NonBlockCloseOnExec);
        error = accepted < 0 ? Marshal.GetLastPInvokeError() : 0;
        peer = accepted < 0 ? null : SocketAddresses.Read(new ReadOnlySpan<byte>(address, length));
        return accepted >= 0 ? accepted : error == Libc.TryAgain ? LoopSocket.NotNow : Broke;
    }

    private static SocketException Failed(int error) => new(SocketErrors.Of(error), Marshal.GetPInvokeErrorMessage(error));
}
