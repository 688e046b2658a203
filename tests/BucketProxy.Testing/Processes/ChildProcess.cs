using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BucketProxy.Testing.Processes;

/// <summary>One real process. It dies with the test process, however that ends.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // The shell hears the end of its input when the test process is gone, and takes the child along.
    private const string Script = """
        exec 3<&0
        "$@" </dev/null 3<&- &
        child=$!
        echo "pid $child"
        ( cat <&3 >/dev/null; kill -9 $child 2>/dev/null ) >/dev/null 2>&1 &
        exec 3<&-
        wait $child
        """;

    private readonly Process _shell;
    private readonly Lock _lock = new();
    private readonly StringBuilder _output = new();
    private readonly List<(Func<string, bool> Fits, TaskCompletionSource<string> Found)> _awaited = [];
    private readonly TaskCompletionSource<int> _pid = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(string name, IReadOnlyList<string> command, string? directory)
    {
        Name = name;
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = directory ?? "",
        };
        foreach (var argument in new[] { "-c", Script, "bash" }.Concat(command))
            start.ArgumentList.Add(argument);
        _shell = new Process { StartInfo = start, EnableRaisingEvents = true };
        _shell.Exited += (_, _) => _ = EndedAsync();
        _shell.OutputDataReceived += (_, line) => Take(line.Data);
        _shell.ErrorDataReceived += (_, line) => Take(line.Data);
    }

    /// <summary>What tests call it.</summary>
    public string Name { get; }

    /// <summary>Everything that it wrote so far, to both outputs.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return _output.ToString();
        }
    }

    /// <summary>Its process id, once it has one.</summary>
    public Task<int> Pid => _pid.Task;

    /// <summary>It has ended.</summary>
    public bool HasExited => _shell.HasExited;

    /// <summary>What it ended with; a signal's number + 128 when one killed it.</summary>
    public int ExitCode => _shell.ExitCode;

    /// <summary>Starts one.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="directory">Where it runs; null: where the test does.</param>
    public static ChildProcess Start(string name, IReadOnlyList<string> command, string? directory = null)
    {
        var child = new ChildProcess(name, command, directory);
        child._shell.Start();
        child._shell.BeginOutputReadLine();
        child._shell.BeginErrorReadLine();
        return child;
    }

    /// <summary>Starts the <c>bucketproxy</c> program that was built beside the tests.</summary>
    public static ChildProcess StartBucketProxy(string name, params string[] arguments) =>
        Start(name, ["dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), .. arguments]);

    /// <summary>The first line, also of those already written, that begins with the text; without that text.</summary>
    /// <exception cref="InvalidOperationException">The process ended without such a line; the message holds its output.</exception>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public async Task<string> LineAsync(string beginning, TimeSpan? limit = null)
    {
        Task<string> found;
        // What it wrote last may still be on its way; outside of the lock, since that takes it.
        if (_shell.HasExited)
            await _shell.WaitForExitAsync().WaitAsync(Patience.Limit).ConfigureAwait(false);
        lock (_lock)
        {
            var before = _output.ToString().Split('\n').FirstOrDefault(Fits);
            if (before is not null)
                return before[beginning.Length..];
            if (_shell.HasExited)
                throw new InvalidOperationException($"{Name} ended with {_shell.ExitCode}: {_output}");
            var awaited = (Fits: (Func<string, bool>)Fits, Found: new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
            _awaited.Add(awaited);
            found = awaited.Found.Task;
        }
        try
        {
            return (await found.WaitAsync(limit ?? Patience.Limit * 2).ConfigureAwait(false))[beginning.Length..];
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{Name} does not write '{beginning}…'. It wrote: {Output}", e);
        }

        bool Fits(string line) => line.StartsWith(beginning, StringComparison.Ordinal);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        await _shell.WaitForExitAsync().WaitAsync(limit).ConfigureAwait(false);
        return _shell.ExitCode;
    }

    /// <summary>kill −9, and waits until it is dead.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Asks it to end, and waits until it has.</summary>
    public Task TerminateAsync() => EndAsync("TERM");

    /// <summary>Freezes it: its connections stay open, nothing answers.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>Lets it go on.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync("KILL").ConfigureAwait(false);
        _shell.Dispose();
    }

    private async Task EndAsync(string signal)
    {
        if (_shell.HasExited)
            return;
        await SignalAsync(signal).ConfigureAwait(false);
        await _shell.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Sends it a signal, by its name without SIG.</summary>
    public async Task SignalAsync(string signal) => await SignalAsync(signal, await _pid.Task.ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Sends a signal, by its name without SIG, to any process.</summary>
    public static async Task SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start("kill", ["-s", signal, pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        if (line.StartsWith("pid ", StringComparison.Ordinal) && _pid.TrySetResult(int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture)))
            return;
        lock (_lock)
        {
            _output.Append(line).Append('\n');
            foreach (var awaited in _awaited.Where(awaited => awaited.Fits(line)).ToList())
            {
                awaited.Found.SetResult(line);
                _awaited.Remove(awaited);
            }
        }
    }

    private async Task EndedAsync()
    {
        // And everything that it wrote is here.
        await _shell.WaitForExitAsync().ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var awaited in _awaited)
                awaited.Found.TrySetException(new InvalidOperationException($"{Name} ended with {_shell.ExitCode}: {_output}"));
            _awaited.Clear();
        }
    }
}
