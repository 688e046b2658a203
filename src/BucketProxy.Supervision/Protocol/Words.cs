namespace BucketProxy.Supervision.Protocol;

/// <summary>The words of a <see cref="Line"/>.</summary>
internal static class Words
{
    // From the gate to the fuse, over its standard input. End of file is an order too: kill.

    /// <summary>Order: the deadline is at this instant of CLOCK_BOOTTIME, in nanoseconds. Takes the place of the one before. The first line is one.</summary>
    public const string Until = "until";

    /// <summary>Order: send this signal to the program.</summary>
    public const string Stop = "stop";

    /// <summary>Order: kill everything.</summary>
    public const string Kill = "kill";

    // From the fuse to the gate, over a pipe of its own. End of file without "gone": the fuse has died.

    /// <summary>Report: the program runs under this process id.</summary>
    public const string Running = "running";

    /// <summary>Report: the program cannot be started. The number is errno.</summary>
    public const string NotStarted = "not-started";

    /// <summary>Report: the working directory cannot be entered. The number is errno.</summary>
    public const string NoDirectory = "no-directory";

    /// <summary>Report: the program has ended. The number is the status of wait.</summary>
    public const string Ended = "ended";

    /// <summary>Report: no process is left. The number is a <see cref="Cause"/>.</summary>
    public const string Gone = "gone";
}
