using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>A socket that an <see cref="EventLoop"/> watches: its descriptor, and who uses it at the moment.</summary>
/// <remarks>
/// Calls under way are counted, and the last one out closes: a descriptor's number is used again at once, and a call that came late would act
/// on somebody else's connection.
/// </remarks>
internal abstract unsafe class WatchedSocket
{
    private const int Closed = int.MinValue;
    private const int NotWatched = 0;
    private const int Watching = 1;
    private const int Watched = 2;
    private const int WatchIsOver = 3;
    // Calls under way, and Closed once it is to be closed.
    private int _users;
    private int _isReleased;
    private int _watch;

    /// <param name="loop">Will watch it, from <see cref="Watch"/> on.</param>
    /// <param name="descriptor">Does not block. Owned from here on.</param>
    protected WatchedSocket(EventLoop loop, int descriptor)
    {
        Loop = loop;
        Descriptor = descriptor;
    }

    public EventLoop Loop { get; }

    /// <summary>What the loop knows it by.</summary>
    public ulong Ticket { get; set; }

    public bool IsClosed => Volatile.Read(ref _users) < 0;

    /// <summary>Of use between <see cref="TryEnter"/> and <see cref="Leave"/> only.</summary>
    protected int Descriptor { get; }

    /// <summary>Begins to watch it, if that has not begun: from here on things happen on the loop's thread.</summary>
    /// <exception cref="IOException">The machine is out of something; it is closed.</exception>
    public void Watch()
    {
        // Not beside a close: the number may be another's by then.
        if (Volatile.Read(ref _watch) != NotWatched || !TryEnter())
            return;
        try
        {
            if (Interlocked.CompareExchange(ref _watch, Watching, NotWatched) != NotWatched)
                return;
            Loop.Add(this, Descriptor);
            // Closed meanwhile, by somebody who had nothing to remove.
            if (Interlocked.CompareExchange(ref _watch, Watched, Watching) != Watching)
                Loop.Remove(this);
        }
        catch (IOException)
        {
            Close();
            throw;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Closes it. Who waits is executed, on the thread pool.</summary>
    /// <param name="abort">Tells the peer that the connection is broken (RST), and throws away what was not sent.</param>
    public void Close(bool abort = false)
    {
        int users;
        while ((users = Volatile.Read(ref _users)) >= 0)
        {
            // Who closes is a user too: the number is nobody else's as long as anything is done with it.
            if (Interlocked.CompareExchange(ref _users, (users + 1) | Closed, users) != users)
                continue;
            if (abort)
            {
                var linger = stackalloc int[2] { 1, 0 };
                _ = Libc.SetOption(Descriptor, Libc.SocketLevel, Libc.SocketLinger, linger, 2 * sizeof(int));
            }
            if (Interlocked.Exchange(ref _watch, WatchIsOver) == Watched)
                Loop.Remove(this);
            // Nobody comes in any more; whoever is in is out in microseconds.
            Leave();
            Wake();
            return;
        }
    }

    /// <summary>By the loop.</summary>
    /// <param name="what">The kernel's flags.</param>
    public abstract void Happened(uint what);

    /// <summary>It was closed: whoever waits is executed, on the thread pool.</summary>
    protected abstract void Wake();

    protected bool TryEnter()
    {
        while (true)
        {
            var users = Volatile.Read(ref _users);
            if (users < 0)
                return false;
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
                return true;
        }
    }

    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    protected void Enter() => ObjectDisposedException.ThrowIf(!TryEnter(), this);

    protected void Leave()
    {
        if (Interlocked.Decrement(ref _users) == Closed)
            Release();
    }

    protected static IOException Broken(int error)
    {
        var cause = new SocketException(SocketErrors.Of(error), Marshal.GetPInvokeErrorMessage(error));
        return new IOException(cause.Message, cause);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            _ = Libc.Close(Descriptor);
    }
}
