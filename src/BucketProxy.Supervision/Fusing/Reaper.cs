using BucketProxy.Supervision.Native;

namespace BucketProxy.Supervision.Fusing;

/// <summary>The children of the fuse: the program, and what became the fuse's when its parent died. One thread takes those that ended out of the table of
/// processes; another kills. One lock is around both, so that no number is given to another process between the look and the signal.</summary>
internal sealed unsafe class Reaper : IDisposable
{
    private const byte ProgramEnded = 1;
    private const byte NoneLeft = 2;

    private readonly Lock _lock = new();
    private readonly Descriptor _events;
    private readonly Descriptor _tell;
    private readonly int _program;
    private ExitStatus? _status;

    /// <summary>Begins.</summary>
    /// <param name="program">The program's process id: a child of this process.</param>
    public Reaper(int program)
    {
        _program = program;
        (_events, _tell) = Descriptor.Pipe();
        new Thread(Reap) { IsBackground = true, Name = "reaper" }.Start();
    }

    /// <summary>To poll for input: <see cref="Take"/> has something to tell.</summary>
    public int Number => _events.Number;

    /// <summary>What happened since: how the program ended, and whether no child is left.</summary>
    public (ExitStatus? Program, bool NoneLeft) Take()
    {
        Span<byte> events = stackalloc byte[8];
        var count = Math.Max(_events.Read(events), 0);
        lock (_lock)
            return (events[..count].Contains(ProgramEnded) ? _status : null, events[..count].Contains(NoneLeft));
    }

    /// <summary>Sends a signal to the program. If it has ended and left children, to those.</summary>
    public void Signal(int signal)
    {
        lock (_lock)
        {
            if (_status is null)
                _ = Libc.Kill(_program, signal);
            else
                ChildProcesses.ForEach(c => !c.HasEnded, c => _ = Libc.Kill(c.Process, signal));
        }
    }

    /// <summary>Kills every child once; there may be more when those are dead. Tells how many were alive.</summary>
    public int Kill()
    {
        lock (_lock)
        {
            var alive = 0;
            // Without a look first: it may be that looking fails.
            if (_status is null)
            {
                alive = 1;
                ChildProcesses.Kill(new(_program, Environment.ProcessId, _program, _program, HasEnded: false));
            }
            ChildProcesses.ForEach(c => true, c =>
            {
                alive += c.HasEnded || c.Process == _program ? 0 : 1;
                ChildProcesses.Kill(c);
            });
            return alive;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The writing end stays open: the thread may still be at it, and ends with the process.
        _events.Dispose();
    }

    private void Reap()
    {
        var information = stackalloc byte[128];
        // Leaves it in the table: taking it out needs the lock, and waiting must not hold it. A subreaper without children has no descendants either.
        while (Libc.WaitAny(Libc.AllChildren, 0, information, Libc.Exited | Libc.LeaveWaitable) == 0
               || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Libc.NoChild)
        {
            lock (_lock)
            {
                int status;
                if (Libc.WaitProcess(-1, &status, Libc.NoHang) != _program)
                    continue;
                _status = new ExitStatus(status);
            }
            _tell.Write([ProgramEnded]);
        }
        _tell.Write([NoneLeft]);
    }
}
