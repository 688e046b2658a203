using System.ComponentModel;
using System.Runtime.InteropServices;
using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>Connected descriptors that cost little: tests open and close them by the hundred thousand.</summary>
internal static unsafe partial class Pipes
{
    private const int Unix = 1;
    private const int StreamNonBlockCloseOnExec = 1 | 0x800 | 0x80000;

    /// <summary>Two ends of a connection.</summary>
    public static (int One, int Other) Open()
    {
        var ends = stackalloc int[2];
        if (Pair(Unix, StreamNonBlockCloseOnExec, 0, ends) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (ends[0], ends[1]);
    }

    public static void Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            if (Libc.Send(descriptor, start, bytes.Length, Libc.NoSignal) != bytes.Length)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>What is there now; -1: nothing.</summary>
    public static int Receive(int descriptor, Span<byte> into)
    {
        fixed (byte* start = into)
            return (int)Libc.Receive(descriptor, start, into.Length, 0);
    }

    /// <summary>Whether its close is to throw away what was not sent.</summary>
    public static bool IsToAbort(int descriptor)
    {
        var linger = stackalloc int[2];
        var length = 2 * sizeof(int);
        if (Libc.GetOption(descriptor, Libc.SocketLevel, Libc.SocketLinger, linger, &length) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return linger[0] != 0;
    }

    public static void Close(int descriptor)
    {
        if (Libc.Close(descriptor) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int Pair(int family, int type, int protocol, int* ends);
}
