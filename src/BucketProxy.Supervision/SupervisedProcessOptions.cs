using BucketProxy.Supervision.Native;

namespace BucketProxy.Supervision;

/// <summary>What to run.</summary>
public sealed record SupervisedProcessOptions
{
    /// <summary>The signals that may ask a program to end.</summary>
    public static IReadOnlyCollection<string> StopSignals => Signals.Names;

    /// <summary>The program, looked for in PATH, and its arguments. It has to stay in the foreground: what a program leaves that ended by itself is killed, as
    /// systemd does with services of type simple.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The command line that runs the fuse: a program whose entry point hands the rest of its arguments to <see cref="Supervision.Fuse.Run"/>.</summary>
    public required IReadOnlyList<string> Fuse { get; init; }

    /// <summary>What asks the program to end: one of <see cref="StopSignals"/>. Default SIGTERM.</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>The program's working directory. Null: this process's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Changes to this process's environment, which the program inherits. A null takes a variable out. Those by which systemd speaks to this process
    /// (NOTIFY_SOCKET, WATCHDOG_PID, WATCHDOG_USEC, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES) are taken out always.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>What is wrong with them, or null.</summary>
    public string? Problem() => this switch
    {
        { Command: [] or ["", ..] } => "The command is empty.",
        { Fuse: [] or ["", ..] } => "The command of the fuse is empty.",
        _ when Command.Concat(Fuse).Append(WorkingDirectory).Any(w => w?.Contains('\0', StringComparison.Ordinal) ?? false) => "A command holds a zero byte.",
        _ when Signals.Number(StopSignal) is null => $"{StopSignal} is no signal to stop by: {string.Join(", ", StopSignals)}.",
        _ => null,
    };
}
