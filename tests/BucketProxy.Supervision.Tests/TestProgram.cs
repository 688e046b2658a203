using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Supervision.Tests;

/// <summary>The test assembly as a program: the fuse, or a gate that does nothing but hold a program and move its deadline.</summary>
internal static class TestProgram
{
    /// <summary>What runs the fuse.</summary>
    public static IReadOnlyList<string> Fuse { get; } = [.. Self, "fuse"];

    private static string[] Self => [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Assembly.GetExecutingAssembly().Location];

    /// <summary>The command line of a gate.</summary>
    /// <param name="lifetime">How far it moves the deadline, over and over.</param>
    /// <param name="command">The program that it runs.</param>
    public static string[] Gate(TimeSpan lifetime, params string[] command) =>
        [.. Self, "gate", ((long)lifetime.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), .. command];

    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["fuse", .. var arguments]:
                return Supervision.Fuse.Run(arguments);
            case ["gate", var lifetime, .. var command]:
                await HoldAsync(TimeSpan.FromMilliseconds(long.Parse(lifetime, CultureInfo.InvariantCulture)), command);
                return 0;
            default:
                await Console.Error.WriteLineAsync("This is a test assembly: run it with 'dotnet test'.");
                return 2;
        }
    }

    private static async Task HoldAsync(TimeSpan lifetime, string[] command)
    {
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        await using var process = await SupervisedProcess.StartAsync(
            new() { Command = command, Fuse = Fuse }, lifetime, BootTimeProvider.Instance, new WarningsTo(output), CancellationToken.None);
        await output.WriteLineAsync($"running {process.ProcessId}");
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (!process.Exited.IsCompleted)
        {
            process.Extend(lifetime);
            await Task.WhenAny(process.Exited, tick.WaitForNextTickAsync().AsTask());
        }
        await output.WriteLineAsync($"exited {(await process.Exited).Reason}");
    }

    /// <summary>What is worth a warning, for the test that reads the gate's output.</summary>
    private sealed class WarningsTo(TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                TextWriter.Synchronized(output).WriteLine($"{logLevel}: {formatter(state, exception)}");
        }
    }
}
