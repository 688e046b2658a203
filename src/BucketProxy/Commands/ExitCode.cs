namespace BucketProxy.Commands;

/// <summary>What the program's exit says. Documented in <c>docs/command-line.md</c>; scripts depend on it.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It was tried, and failed or was not complete.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The settings are not allowed.</summary>
    public const int BadSettings = 3;

    /// <summary>The admin port could not be reached.</summary>
    public const int Unreachable = 4;

    /// <summary>The cluster refused the order, and said why.</summary>
    public const int Refused = 5;
}
