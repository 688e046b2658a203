using BucketProxy.Supervision.Fusing;

namespace BucketProxy.Supervision;

/// <summary>The fuse's side: the small process between a gate and its program that kills the program when the last deadline passes, whatever became of the
/// gate. Started by <see cref="SupervisedProcess"/> and by nobody else.</summary>
public static class Fuse
{
    /// <summary>The word by which a program's own command line says that it is to be a fuse, by custom. Its entry point hands what follows the word to
    /// <see cref="Run"/>, before it does anything else.</summary>
    public const string Command = "fuse";

    /// <summary>Is the fuse. Touches neither console nor thread pool.</summary>
    /// <param name="arguments">What followed <see cref="Command"/>.</param>
    /// <returns>The exit code of the process.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return FuseArguments.Read(arguments) switch
        {
            null => FuseExitCodes.Usage,
            { Exec: not null } program => ProgramExec.Run(program),
            var fuse => FuseEntry.Run(fuse, arguments.Count),
        };
    }
}
