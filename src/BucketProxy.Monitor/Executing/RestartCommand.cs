using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Executing;

/// <summary>Runs a node's restart command: a program with arguments, never a shell.</summary>
internal static class RestartCommand
{
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    /// <summary>Null: it ended with 0 in time. Else why not; a command that takes too long is killed.</summary>
    public static async Task<string?> RunAsync(RunRestartAction action, TimeProvider time, CancellationToken cancellationToken)
    {
        if (action.Command.IsDefaultOrEmpty)
            return "no restart command is configured";
        var start = new ProcessStartInfo(action.Command[0])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in action.Command.Skip(1))
            start.ArgumentList.Add(argument);

        using var process = new Process { StartInfo = start };
        using var deadline = new CancellationTokenSource(action.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            process.Start();
            process.StandardInput.Close();
            _ = process.StandardOutput.ReadToEndAsync(either.Token);
            var errors = process.StandardError.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            // A child that goes on in the background may keep the pipes open for ever: its words are not waited for.
            await Task.WhenAny(errors, Task.Delay(LastWords, time, either.Token));
            var said = errors.IsCompletedSuccessfully ? (await errors).Trim() : "";
            return process.ExitCode == 0
                ? null
                : string.Create(CultureInfo.InvariantCulture,
                    $"the restart command ended with {process.ExitCode}: {(said.Length <= 200 ? said : said[^200..])}");
        }
        catch (Win32Exception e)
        {
            return $"the restart command cannot be started: {e.Message}";
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            cancellationToken.ThrowIfCancellationRequested();
            return $"the restart command took longer than {action.Timeout.TotalSeconds:0.#} s";
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended at the same moment.
        }
    }
}
