using System.ComponentModel;
using System.Runtime.InteropServices;

namespace BucketProxy.Supervision.Native;

/// <summary>One end of a pipe, or a timer. Not thread-safe where one thread closes it while another uses it: its owner sees to that.</summary>
internal sealed unsafe class Descriptor : IDisposable
{
    // Descriptors 0 to 3 have a meaning in a started process: see Spawner.
    private const int Lowest = 10;

    private int _number;

    public Descriptor(int number) => _number = number;

    /// <summary>As the kernel calls it.</summary>
    public int Number => _number;

    /// <summary>A pipe. No program that is started inherits an end of it, unless <see cref="Spawner"/> gives it one.</summary>
    public static (Descriptor Read, Descriptor Write) Pipe()
    {
        var ends = stackalloc int[2];
        if (Libc.CreatePipe(ends, Libc.CloseOnExec) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (Lift(ends[0]), Lift(ends[1]));
    }

    /// <summary>Lets <see cref="Write"/> fail where it would wait.</summary>
    public void DoNotBlock() => Libc.Control(_number, Libc.SetStatusFlags, Libc.NonBlock);

    /// <summary>What is there; waits for it. 0 at the end, negative on an error.</summary>
    public int Read(Span<byte> into)
    {
        fixed (byte* buffer = into)
        {
            nint got;
            do
                got = Libc.Read(_number, buffer, into.Length);
            while (got < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted);
            return (int)got;
        }
    }

    /// <summary>All of it or nothing, as a pipe does with what is shorter than 4096 bytes. False: the pipe is full or nobody reads it any more.</summary>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* buffer = bytes)
        {
            nint put;
            do
                put = Libc.Write(_number, buffer, bytes.Length);
            while (put < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted);
            return put == bytes.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var number = Interlocked.Exchange(ref _number, -1);
        if (number >= 0)
            _ = Libc.Close(number);
    }

    private static Descriptor Lift(int number)
    {
        if (number >= Lowest)
            return new Descriptor(number);
        var lifted = Libc.Control(number, Libc.DuplicateCloseOnExec, Lowest);
        if (lifted < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        _ = Libc.Close(number);
        return new Descriptor(lifted);
    }
}
