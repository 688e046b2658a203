using System.Diagnostics;
using System.Globalization;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Supervision.Tests;

/// <summary>Shell scripts to supervise, in a directory of a test's own. Every one of their processes names that directory in its command line.</summary>
internal sealed class Scripts : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<ChildProcess> _gates = [];

    public string Path => _directory.Path;

    /// <summary>Runs until it is killed, and takes no signal but that one.</summary>
    public string[] Stubborn() => Run("trap '' TERM INT HUP; echo $$ > DIR/pid; while :; do sleep 0.05; done");

    /// <summary>Ends with a code when asked to.</summary>
    public string[] Obedient(int code) => Run($"trap 'exit {code}' TERM; echo $$ > DIR/pid; while :; do sleep 0.05; done");

    /// <summary>Starts a daemon: a process in a session of its own whose parent has gone.</summary>
    public string[] WithDaemon() => Run("(setsid sh -c 'trap \"\" TERM; echo $$ > DIR/daemon; while :; do sleep 0.05; done' &); echo $$ > DIR/pid; while :; do sleep 0.05; done");

    /// <summary>A script; DIR stands for the directory.</summary>
    public string[] Run(string script) => ["sh", "-c", script.Replace("DIR", Path, StringComparison.Ordinal), Path];

    /// <summary>A script in a file, for one that starts itself.</summary>
    public string File(string name, string script)
    {
        var file = _directory.Combine(name);
        System.IO.File.WriteAllText(file, script.Replace("DIR", Path, StringComparison.Ordinal) + "\n");
        return file;
    }

    /// <summary>Waits for a file in the directory that holds a line.</summary>
    public async Task<string> LineAsync(string name)
    {
        var file = _directory.Combine(name);
        await Patience.UntilAsync(() => System.IO.File.Exists(file) && System.IO.File.ReadAllText(file).EndsWith('\n'), $"{name} is written");
        return (await System.IO.File.ReadAllLinesAsync(file))[0];
    }

    /// <summary>Waits for a process that wrote its id.</summary>
    public async Task<int> ProcessAsync(string name = "pid") => int.Parse(await LineAsync(name), CultureInfo.InvariantCulture);

    /// <summary>Sends a signal, named as in kill, to several at once.</summary>
    public static async Task SignalAsync(string signal, params int[] processes)
    {
        using var kill = Process.Start("kill", ["-s", signal, .. processes.Select(p => p.ToString(CultureInfo.InvariantCulture))]);
        await kill.WaitForExitAsync().Within();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Starts a program around a script of these.</summary>
    public ChildProcess Start(IReadOnlyList<string> command)
    {
        var gate = ChildProcess.Start("gate", command);
        _gates.Add(gate);
        return gate;
    }

    // What a failed test left, fuses among it, and before anybody waits for its end: such a test shall fail and not hang.
    public async ValueTask DisposeAsync()
    {
        foreach (var process in ProcessTable.Mentioning(Path))
        {
            using var kill = Process.Start("kill", ["-9", process.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }
        foreach (var gate in _gates)
            await gate.DisposeAsync();
        _directory.Dispose();
    }
}
