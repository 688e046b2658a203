using BucketProxy.Supervision.Native;

namespace BucketProxy.Supervision.Fusing;

/// <summary>Turns a process that was just started into the fuse.</summary>
internal static class FuseEntry
{
    private static readonly string[] NotFatal = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"];

    /// <summary>Comes back when no process of the program is left.</summary>
    /// <param name="arguments">What to run.</param>
    /// <param name="argumentCount">How many words at the end of the command line they were.</param>
    public static int Run(FuseArguments arguments, int argumentCount)
    {
        // The pipe of reports is not the program's.
        if (Libc.Control(Spawner.ReportDescriptor, Libc.SetDescriptorFlags, Libc.DescriptorCloseOnExec) != 0)
            return FuseExitCodes.Usage;
        // It ends after the program and never before. Who signals everything at once (a terminal, a supervisor) means the program, not the fuse.
        foreach (var signal in NotFatal)
            _ = Libc.OnSignal(Signals.Number(signal)!.Value, Libc.Ignore);
        // What loses its parent becomes ours, so that nothing gets away by forking twice.
        if (Libc.ControlProcess(Libc.SetChildSubreaper, 1, 0, 0, 0) != 0)
            return FuseExitCodes.Usage;

        using var orders = new Descriptor(0);
        using var reports = new Descriptor(Spawner.ReportDescriptor);
        using var loop = new FuseLoop(arguments, OwnCommand(argumentCount), orders, reports);
        return loop.Run();
    }

    // How this very process was started: by dotnet and a dll, or by itself, in words that are not ours to know.
    private static string[] OwnCommand(int argumentCount)
    {
        var words = File.ReadAllText("/proc/self/cmdline").Split('\0');
        return words[..^(argumentCount + 1)]; // Each word ends with a zero, so behind the last there is an empty one.
    }
}
