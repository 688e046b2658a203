using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace BucketProxy.Testing;

/// <summary>
/// Finds what blocks a thread that polls sockets. In a process of tests (<c>fast.runsettings</c>), as in the program, completions of socket
/// operations run on those threads, and a wait in one of them stops every connection that the thread serves.
/// </summary>
/// <remarks>
/// A thread of its own looks at the kernel's view of them every tenth of a second: one that sleeps, not in epoll, and was not switched once
/// for as long as <see cref="Limit"/>, is blocked. A machine that is busy cannot look like that: a thread that waits for a processor does not
/// sleep. What the thread is at is known from <see cref="Operation"/>, which flows with the request.
/// </remarks>
public static partial class IoWatchdog
{
    // The runtime's own, and the forwarder's.
    private static readonly string[] SocketThreadNames = [".NET Sockets", "socket loop"];
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    // Long for a wait, short for a test.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly ConcurrentDictionary<int, string?> At = new();
    private static readonly AsyncLocal<string?> Current = new(static change => At[GetTid()] = change.CurrentValue);
    private static readonly ConcurrentQueue<string> Found = new();
    // The system calls of Linux in which such a thread waits for sockets: epoll_wait and epoll_pwait.
    private static readonly string[] Polls = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ["22"] : ["232", "281"];

    /// <summary>What the current flow of control is at, for who reads of a block in it.</summary>
    public static string? Operation
    {
        get => Current.Value;
        set => Current.Value = value;
    }

    /// <summary>Takes what was found since the last call.</summary>
    public static IReadOnlyList<string> Take()
    {
        var all = new List<string>();
        while (Found.TryDequeue(out var found))
            all.Add(found);
        return all;
    }

    /// <summary>Whether anything was found that nobody took.</summary>
    public static bool HasFound => !Found.IsEmpty;

    /// <summary>Fails where a thread was blocked.</summary>
    /// <exception cref="InvalidOperationException">One was, in this test or one beside it.</exception>
    public static void ThrowIfBlocked()
    {
        if (Take() is { Count: > 0 } found)
            throw new InvalidOperationException("A thread that polls sockets was blocked: " + string.Join("; ", found));
    }

    /// <summary>Whether the calling thread polls sockets.</summary>
    public static bool IsPollingThread() => SocketThreadNames.Contains(NameOf(GetTid()));

    /// <summary>Begins to watch this process. From a module initializer, so that every test is watched.</summary>
    public static void Begin()
    {
        if (OperatingSystem.IsLinux())
            new Thread(Watch) { IsBackground = true, Name = "io-watchdog" }.Start();
    }

    private static void Watch()
    {
        using var never = new ManualResetEventSlim();
        var seen = new Dictionary<int, (string Place, long Since, bool Told)>();
        while (!never.Wait(Look))
        {
            foreach (var tid in SocketThreads())
            {
                var place = SleepsAt(tid);
                if (place is null)
                {
                    seen.Remove(tid);
                    continue;
                }
                if (!seen.TryGetValue(tid, out var before) || before.Place != place)
                {
                    seen[tid] = (place, TimeProvider.System.GetTimestamp(), false);
                }
                else if (!before.Told && TimeProvider.System.GetElapsedTime(before.Since) >= Limit)
                {
                    seen[tid] = before with { Told = true };
                    Found.Enqueue($"thread {tid} at {At.GetValueOrDefault(tid) ?? "nothing named"}, {place}");
                }
            }
        }
    }

    private static IEnumerable<int> SocketThreads()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            var tid = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            if (SocketThreadNames.Contains(NameOf(tid)))
                yield return tid;
        }
    }

    /// <summary>Where a thread sleeps, other than in epoll, and how often it had been switched; null when it does not.</summary>
    private static string? SleepsAt(int tid)
    {
        var call = Read(tid, "syscall").Split(' ')[0].Trim();
        if (call is "" or "running" || Polls.Contains(call))
            return null;
        var status = Read(tid, "status");
        return Line("State:") is { } state && state.Contains('S', StringComparison.Ordinal)
            ? $"system call {call}, switched {Line("voluntary_ctxt_switches:")} times"
            : null;

        string? Line(string name) => status.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();
    }

    private static string NameOf(int tid) => Read(tid, "comm").Trim();

    private static string Read(int tid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/self/task/{tid}/{file}");
        }
        catch (IOException)
        {
            // The thread has ended.
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetTid();
}
