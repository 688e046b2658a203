using System.Runtime.InteropServices;

namespace BucketProxy.Supervision.Native;

/// <summary>The children of this process, read from /proc.</summary>
/// <remarks>
/// Whoever kills here signals only children that nobody but itself reaps. Their numbers cannot be given to others meanwhile, so no wrong process is hit.
/// Grandchildren need no look: this process is a subreaper, so the death of a child makes them children.
/// A look that finds none proves that there is none. A tree of processes that is not empty has a child of ours at its top; until we reap it, it stands in
/// /proc, dead or alive.
/// (/proc/PID/task/TID/children would be quicker. It leaves children out when they move from one thread to another, as they do when a thread ends.)
/// </remarks>
internal static unsafe class ChildProcesses
{
    /// <summary>Finds each child, and hands it over the moment it is found: a program that forks and ends has to be faster than that.</summary>
    /// <returns>How many there were.</returns>
    public static int ForEach(Func<Child, bool> which, Action<Child> action)
    {
        var own = Environment.ProcessId;
        var found = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), out var process) || Look(process) is not { } child || child.Parent != own || !which(child))
                continue;
            found++;
            action(child);
        }
        return found;
    }

    /// <summary>Sends SIGKILL to it and to its process group. The kernel signals a group as a whole, so none of it forks on and escapes. For children in
    /// sessions of their own only: their groups are theirs.</summary>
    public static void Kill(Child child)
    {
        _ = Libc.Kill(child.Process, Libc.SignalKill);
        if (child.Group > 1)
            _ = Libc.Kill(-child.Group, Libc.SignalKill);
    }

    /// <summary>Takes it out of the table of processes, if it has ended.</summary>
    public static ExitStatus? Reap(int process)
    {
        int status;
        return Libc.WaitProcess(process, &status, Libc.NoHang) == process ? new ExitStatus(status) : null;
    }

    /// <summary>Waits for the end of a child and takes it out of the table. Null if somebody else did.</summary>
    public static ExitStatus? Await(int process)
    {
        while (true)
        {
            int status;
            if (Libc.WaitProcess(process, &status, 0) == process)
                return new ExitStatus(status);
            if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                return null;
        }
    }

    // Of "1234 (name) S parent group session …": a name may hold spaces and brackets, so what counts begins behind the last bracket.
    private static Child? Look(int process)
    {
        string text;
        try
        {
            text = File.ReadAllText($"/proc/{process}/stat");
        }
        catch (IOException)
        {
            return null; // It has gone since, so it is no unreaped child of ours.
        }
        catch (UnauthorizedAccessException)
        {
            return null; // hidepid: another user's.
        }
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new Child(process, int.Parse(fields[1], null), int.Parse(fields[2], null), int.Parse(fields[3], null), fields[0] is "Z" or "X");
    }

    /// <summary>A line of the table of processes.</summary>
    internal readonly record struct Child(int Process, int Parent, int Group, int Session, bool HasEnded);
}
