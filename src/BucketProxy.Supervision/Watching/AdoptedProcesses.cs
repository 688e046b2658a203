using BucketProxy.Supervision.Native;

namespace BucketProxy.Supervision.Watching;

/// <summary>What becomes a child of this process when a fuse dies, told from the other children of this process.</summary>
/// <remarks>A fuse is started in a session of its own, and no process ever goes back to an older session. So nothing that a fuse started is in ours, and
/// children that <see cref="System.Diagnostics.Process"/> starts are. What is left are orphans that init adopts, when this process is init: of them those
/// that have ended are reaped, and those that live are killed along with a program whose fuse died. They came from outside (docker exec), and might be a
/// second server.</remarks>
internal static unsafe class AdoptedProcesses
{
    private const int OneProcess = 1;

    private static readonly Lock Lock = new();
    private static readonly HashSet<int> Fuses = [];
    private static readonly HashSet<int> Programs = [];

    /// <summary>Starts a fuse. From now on this process adopts what a fuse leaves.</summary>
    public static int Start(Func<int> spawn)
    {
        if (Libc.ControlProcess(Libc.SetChildSubreaper, 1, 0, 0, 0) != 0)
            throw new PlatformNotSupportedException("The kernel has no PR_SET_CHILD_SUBREAPER.");
        lock (Lock)
        {
            var fuse = spawn();
            Fuses.Add(fuse);
            return fuse;
        }
    }

    /// <summary>Remembers whose exit status somebody will ask for.</summary>
    public static void Expect(int program)
    {
        lock (Lock)
            Programs.Add(program);
    }

    /// <summary>Nobody asks any more.</summary>
    public static void Forget(int program)
    {
        lock (Lock)
            Programs.Remove(program);
    }

    /// <summary>Kills a fuse. Not the program: that is adopted then.</summary>
    public static void KillFuse(int fuse)
    {
        lock (Lock)
        {
            if (Fuses.Contains(fuse))
                _ = Libc.Kill(fuse, Libc.SignalKill);
        }
    }

    /// <summary>Waits for a fuse's death, and takes it out of the table of processes. Its pipe closes before its children are handed on, so only now are
    /// they ours.</summary>
    public static void AwaitFuse(int fuse)
    {
        var information = stackalloc byte[128];
        // Left in the table until the lock is held: its number must not become another fuse's while it stands among the fuses.
        while (Libc.WaitAny(OneProcess, fuse, information, Libc.Exited | Libc.LeaveWaitable) != 0
               && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Libc.Interrupted)
        {
        }
        lock (Lock)
        {
            ChildProcesses.Reap(fuse);
            Fuses.Remove(fuse);
        }
    }

    /// <summary>Kills what was adopted, and reaps what is dead of it. To be repeated until it finds none.</summary>
    /// <param name="program">Whose exit status counts.</param>
    /// <param name="status">It, once it is known.</param>
    /// <returns>How many there were, dead or alive.</returns>
    public static int KillOnce(int program, ref ExitStatus? status)
    {
        var own = Libc.SessionOf(0);
        lock (Lock)
        {
            var found = new List<int>();
            ChildProcesses.ForEach(c => c.Session != own && !Fuses.Contains(c.Process), c =>
            {
                ChildProcesses.Kill(c);
                found.Add(c.Process);
            });
            foreach (var process in found)
            {
                if (ChildProcesses.Reap(process) is { } ended && process == program)
                    status = ended;
            }
            return found.Count;
        }
    }

    /// <summary>Reaps orphans that came to us as init, and belong to no program.</summary>
    public static void ReapStrays()
    {
        var own = Libc.SessionOf(0);
        lock (Lock)
        {
            ChildProcesses.ForEach(
                c => c.HasEnded && c.Session != own && !Fuses.Contains(c.Process) && !Programs.Contains(c.Process),
                c => ChildProcesses.Reap(c.Process));
        }
    }
}
