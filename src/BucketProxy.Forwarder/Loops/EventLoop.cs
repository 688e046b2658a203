using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>
/// A thread that waits in epoll for its sockets and calls whoever waits for one of them, on itself. A request's client and its destination are
/// sockets of one loop where that can be, so that a request is carried from its first byte to its last without a change of threads.
/// Nothing that runs on it may block.
/// </summary>
/// <remarks>Lives as long as the process.</remarks>
internal sealed unsafe class EventLoop
{
    /// <summary>How the threads are called, for whoever looks at the process.</summary>
    public const string ThreadName = "socket loop";

    private const int MostAtOnce = 256;
    [ThreadStatic]
    private static EventLoop? _current;
    private static readonly Lazy<EventLoop[]> All = new(StartAll);
    private static int _next;
    private readonly int _epoll;
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private WatchedSocket?[] _sockets = new WatchedSocket?[256];
    private int _used;
    private uint _generation;

    private EventLoop()
    {
        _epoll = Libc.CreateEpoll(Libc.EpollCloseOnExec);
        if (_epoll < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Whether this machine has what it needs.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>The loop whose thread this is; null on any other.</summary>
    public static EventLoop? Current => _current;

    /// <summary>The loop for a new socket that belongs to nothing yet: each in turn.</summary>
    public static EventLoop Next()
    {
        var all = All.Value;
        return all[(uint)Interlocked.Increment(ref _next) % (uint)all.Length];
    }

    /// <summary>Begins to watch a socket.</summary>
    /// <exception cref="IOException">The machine is out of something.</exception>
    public void Add(WatchedSocket socket, int descriptor)
    {
        int place;
        lock (_lock)
        {
            if (!_free.TryPop(out place))
            {
                place = _used++;
                if (place == _sockets.Length)
                    Array.Resize(ref _sockets, place * 2);
            }
            // A socket's events may be waiting to be handed out when it closes and its place is taken anew.
            socket.Ticket = ((ulong)++_generation << 32) | (uint)place;
            Volatile.Write(ref _sockets[place], socket);
        }
        var happening = stackalloc byte[16];
        Unsafe.WriteUnaligned(happening, Libc.In | Libc.Out | Libc.PeerHangUp | Libc.EdgeTriggered);
        Unsafe.WriteUnaligned(happening + Libc.EventData, socket.Ticket);
        if (Libc.ControlEpoll(_epoll, Libc.EpollAdd, descriptor, happening) == 0)
            return;
        var error = new Win32Exception(Marshal.GetLastPInvokeError());
        Remove(socket);
        throw new IOException(error.Message, error);
    }

    /// <summary>Forgets a socket. The kernel does when it is closed.</summary>
    public void Remove(WatchedSocket socket)
    {
        var place = (int)(uint)socket.Ticket;
        lock (_lock)
        {
            Debug.Assert(ReferenceEquals(_sockets[place], socket), "removed twice");
            _sockets[place] = null;
            _free.Push(place);
        }
    }

    private static EventLoop[] StartAll()
    {
        var loops = new EventLoop[Math.Clamp(Environment.ProcessorCount, 1, 32)];
        for (var i = 0; i < loops.Length; i++)
        {
            loops[i] = new EventLoop();
            new Thread(loops[i].Run) { IsBackground = true, Name = ThreadName }.Start();
        }
        return loops;
    }

    private void Run()
    {
        _current = this;
        var happenings = stackalloc byte[MostAtOnce * 16];
        var (size, data) = (Libc.EventSize, Libc.EventData);
        while (true)
        {
            var count = Libc.WaitEpoll(_epoll, happenings, MostAtOnce, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Libc.Interrupted)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            for (var i = 0; i < count; i++)
            {
                var at = happenings + (i * size);
                var ticket = Unsafe.ReadUnaligned<ulong>(at + data);
                // Growing replaces the array; what is in flight then sees the old one, with the same sockets.
                var socket = Volatile.Read(ref Volatile.Read(ref _sockets)[(int)(uint)ticket]);
                if (socket is not null && socket.Ticket == ticket)
                    socket.Happened(Unsafe.ReadUnaligned<uint>(at));
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ThreadName} {Array.IndexOf(All.Value, this)}");
}
