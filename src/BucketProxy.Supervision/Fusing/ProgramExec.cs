using System.Runtime.InteropServices;
using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;

namespace BucketProxy.Supervision.Fusing;

/// <summary>What runs between the fuse and the program: does what only the process itself can do, then becomes the program. Descriptor
/// <see cref="Spawner.ReportDescriptor"/> tells the fuse what failed; its end without a word is success.</summary>
internal static unsafe class ProgramExec
{
    /// <summary>Comes back only on failure.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(FuseArguments arguments)
    {
        using var failure = new Descriptor(Spawner.ReportDescriptor);
        _ = Libc.Control(failure.Number, Libc.SetDescriptorFlags, Libc.DescriptorCloseOnExec);

        // The kernel kills the program when the thread that started it ends, which is the fuse's first one. That is worth something in one case: fuse and
        // gate killed at the same moment, neither container nor systemd around them. The program's own children do not inherit it.
        _ = Libc.ControlProcess(Libc.SetParentDeathSignal, Libc.SignalKill, 0, 0, 0);
        if (Libc.ParentId() != arguments.Exec)
            return FuseExitCodes.NotStarted; // The fuse died before that call.

        if (arguments.Directory is not null && Libc.ChangeDirectory(arguments.Directory) != 0)
            return Fail(failure, Words.NoDirectory);

        // Handlers end with exec, but what the runtime ignores and blocks would stay ignored and blocked.
        _ = Libc.OnSignal(Libc.SignalPipe, Libc.DefaultAction);
        var none = stackalloc byte[1024];
        _ = Libc.EmptySet(none);
        _ = Libc.MaskSignals(Libc.SetMask, none, null);

        using var command = new NativeStrings(arguments.Command);
        _ = Libc.Execute(command.Pointer[0], command.Pointer);
        return Fail(failure, Words.NotStarted);
    }

    private static int Fail(Descriptor failure, string what)
    {
        failure.Write(new Line(what, Marshal.GetLastPInvokeError()).ToBytes());
        return FuseExitCodes.NotStarted;
    }
}
