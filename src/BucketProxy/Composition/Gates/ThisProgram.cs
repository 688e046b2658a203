namespace BucketProxy.Composition.Gates;

/// <summary>How to start the program that is running now once more.</summary>
internal static class ThisProgram
{
    /// <summary>A command line that starts it.</summary>
    /// <param name="arguments">What it is told.</param>
    /// <exception cref="InvalidOperationException">The operating system does not tell what is running.</exception>
    public static IReadOnlyList<string> CommandLine(params IEnumerable<string> arguments)
    {
        var running = Environment.ProcessPath ?? throw new InvalidOperationException("The path of the program that runs is not known.");
        // By "dotnet bucketproxy.dll", or in a test's process: by its file. Else it is a program of its own.
        return Path.GetFileNameWithoutExtension(running) == "dotnet" ? [running, typeof(ThisProgram).Assembly.Location, .. arguments] : [running, .. arguments];
    }
}
