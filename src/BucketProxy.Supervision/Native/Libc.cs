using System.Runtime.InteropServices;

namespace BucketProxy.Supervision.Native;

/// <summary>The calls of Linux that starting, watching and killing processes are made of. Numbers are those of the kernel's headers.</summary>
internal static unsafe partial class Libc
{
    public const int SetParentDeathSignal = 1;
    public const int SetChildSubreaper = 36;

    public const int SignalKill = 9;
    public const int SignalPipe = 13;
    public const nint DefaultAction = 0;
    public const nint Ignore = 1;
    public const int SetMask = 2;

    public const int NoHang = 1;
    public const int Exited = 4;
    public const int LeaveWaitable = 0x01000000;
    public const int AllChildren = 0;

    public const int BootTime = 7;
    public const int AbsoluteTime = 1;
    public const int TimerNonBlockCloseOnExec = 0x800 | 0x80000;

    public const int CloseOnExec = 0x80000;
    public const int NonBlock = 0x800;
    public const int ReadOnly = 0;
    public const int SetDescriptorFlags = 2;
    public const int SetStatusFlags = 4;
    public const int DuplicateCloseOnExec = 1030;
    public const int DescriptorCloseOnExec = 1;

    public const short In = 0x001;

    public const short SpawnSetSignalMask = 0x08;
    public const short SpawnSetSignalDefaults = 0x04;
    public const short SpawnSetSession = 0x80;

    public const int Interrupted = 4;
    public const int NoChild = 10;
    public const int TryAgain = 11;

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ControlProcess(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "getsid")]
    public static partial int SessionOf(int process);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int CreatePipe(int* descriptors, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(Polled* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int ReadClock(int clock, Moment* moment);

    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    public static partial int CreateTimer(int clock, int flags);

    [LibraryImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    public static partial int SetTimer(int timer, int flags, TimerSetting* setting, TimerSetting* old);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitProcess(int process, int* status, int options);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitAny(int kind, int id, byte* info, int options);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    public static partial nint OnSignal(int signal, nint action);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    public static partial int MaskSignals(int how, byte* set, byte* old);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int FillSet(byte* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int EmptySet(byte* set);

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true)]
    public static partial int Execute(byte* file, byte** arguments);

    [LibraryImport("libc", EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeDirectory(string path);

    // Those of posix_spawn give the error back, and leave errno alone.
    [LibraryImport("libc", EntryPoint = "posix_spawnp")]
    public static partial int Spawn(int* process, byte* file, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int CreateActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int AddDuplicate(byte* actions, int descriptor, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int AddOpen(byte* actions, int descriptor, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int CreateAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SetSignalMask(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SetSignalDefaults(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int DestroyAttributes(byte* attributes);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Polled
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }

    /// <summary>struct timespec on 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Moment
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct itimerspec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimerSetting
    {
        public Moment Interval;
        public Moment Value;
    }
}
