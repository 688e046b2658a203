using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Supervision.Tests;

/// <summary>Real programs, started and ended from this process.</summary>
public sealed class SupervisedProcessTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly Scripts _scripts = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _scripts.DisposeAsync().AsTask();

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 3", 3, null)]
    [InlineData("kill -SEGV $$", null, 11)]
    public async Task Exited_WhenTheProgramEndsByItself_SaysHow(string script, int? code, int? signal)
    {
        var process = await StartAsync(_scripts.Run(script));

        var exit = await process.Exited.Within();

        Assert.Equal((code, signal, false, false), (exit.ExitCode, exit.Signal, exit.WasStopped, exit.WasKilled));
    }

    [Fact]
    public async Task Stop_OfAProgramThatObeys_LetsItEnd()
    {
        var process = await StartAsync(_scripts.Obedient(7));
        Assert.Equal(process.ProcessId, await _scripts.ProcessAsync());

        process.Stop();

        var exit = await process.Exited.Within();
        Assert.Equal((7, null, true, false), (exit.ExitCode, exit.Signal, exit.WasStopped, exit.WasKilled));
    }

    [Fact]
    public async Task Stop_WithAnotherSignal_SendsThatOne()
    {
        var process = await StartAsync(
            _scripts.Run("trap '' TERM; trap 'exit 4' INT; echo $$ > DIR/pid; while :; do sleep 0.05; done"), o => o with { StopSignal = "SIGINT" });
        await _scripts.ProcessAsync();

        process.Stop();

        Assert.Equal(4, (await process.Exited.Within()).ExitCode);
    }

    [Fact]
    public async Task Stop_OfAShellAroundTheProgram_LetsThatEndToo()
    {
        // The shell goes at once; the one that has something to save is its child.
        var process = await StartAsync(_scripts.Run(
            "sh -c 'trap \"sleep 0.2; echo saved > DIR/saved; exit 0\" TERM; echo $$ > DIR/pid; while :; do sleep 0.05; done' DIR & wait"));
        await _scripts.ProcessAsync();

        process.Stop();

        var exit = await process.Exited.Within();
        Assert.True(exit is { WasStopped: true, WasKilled: false }, exit.Reason);
        Assert.Equal("saved", await _scripts.LineAsync("saved"));
    }

    [Fact]
    public async Task Deadline_OfAProgramThatDoesNotStop_KillsIt()
    {
        var process = await StartAsync(_scripts.Stubborn());
        await _scripts.ProcessAsync();
        process.Stop();

        process.Extend(TimeSpan.FromMilliseconds(200));

        var exit = await process.Exited.Within();
        Assert.Equal((null, 9, true, true), (exit.ExitCode, exit.Signal, exit.WasStopped, exit.WasKilled));
        Assert.Contains("its deadline passed", exit.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extend_BeforeTheDeadline_KeepsItAlive()
    {
        var process = await StartAsync(_scripts.Stubborn());
        await _scripts.ProcessAsync();
        process.Extend(TimeSpan.FromSeconds(3));
        var begun = BootTimeProvider.Instance.GetTimestamp();

        process.Extend(Long);

        await Patience.UntilAsync(() => BootTimeProvider.Instance.GetElapsedTime(begun) > TimeSpan.FromSeconds(3.5), "the first deadline has passed");
        Assert.False(process.Exited.IsCompleted);
        Assert.True(ProcessTable.IsAlive(process.ProcessId));
    }

    [Fact]
    public async Task ExtendUntil_AnInstantThatHasPassed_KillsItAtOnce()
    {
        var process = await StartAsync(_scripts.Stubborn());
        await _scripts.ProcessAsync();

        // As after a freeze between an answer of the store and this call: what counts is the instant.
        process.ExtendUntil(BootTimeProvider.Instance.GetTimestamp() - 1);

        Assert.True((await process.Exited.Within()).WasKilled);
    }

    [Fact]
    public async Task ExtendUntil_ByAnotherClock_IsTheSameInstant()
    {
        var begun = TimeProvider.System.GetTimestamp();
        var process = await SupervisedProcess.StartAsync(
            Options(_scripts.Stubborn()), Long, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await _scripts.ProcessAsync();

        process.ExtendUntil(begun);

        Assert.True((await process.Exited.Within()).WasKilled);
    }

    [Fact]
    public async Task Kill_OfADaemonOfTheProgram_KillsThatToo()
    {
        var process = await StartAsync(_scripts.WithDaemon());
        var daemon = await _scripts.ProcessAsync("daemon");
        await _scripts.ProcessAsync();

        process.Kill();

        var exit = await process.Exited.Within();
        Assert.True(exit.WasKilled);
        Assert.False(ProcessTable.IsAlive(daemon));
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    // Each process starts the next one, in a session of its own, and ends: no group holds them together, and no process lives long.
    [Fact]
    public async Task Kill_OfAProgramThatForksOnAndOn_LeavesNone()
    {
        var chain = _scripts.File("chain", "echo $$ > DIR/pid\nsetsid sh \"$0\" &\nexit 0");
        var process = await StartAsync(_scripts.Run($"sh {chain}; while :; do sleep 0.05; done"));
        await _scripts.ProcessAsync();

        process.Kill();

        await process.Exited.Within();
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    [Fact]
    public async Task Exited_WhenTheProgramLeavesADaemon_KillsItAndSaysSo()
    {
        var process = await StartAsync(_scripts.Run("(setsid sh -c 'echo $$ > DIR/daemon; while :; do sleep 0.05; done' DIR &); while [ ! -s DIR/daemon ]; do sleep 0.01; done; exit 5"));

        var exit = await process.Exited.Within();

        Assert.Equal((5, false), (exit.ExitCode, exit.WasKilled));
        Assert.Contains("left behind", exit.Reason, StringComparison.Ordinal);
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    [Fact]
    public async Task Start_GivesTheProgramACleanProcess()
    {
        var process = await StartAsync(
            _scripts.Run("pwd > DIR/folder; echo \"$ADDED$NOTIFY_SOCKET\" > DIR/variables; readlink /proc/$$/fd/0 > DIR/input; exec sleep 1000"),
            o => o with { WorkingDirectory = "/usr", Environment = new Dictionary<string, string?> { ["ADDED"] = "yes", ["NOTIFY_SOCKET"] = "/run/x" } });

        Assert.Equal("/dev/null", await _scripts.LineAsync("input"));
        Assert.Equal("/usr", await _scripts.LineAsync("folder"));
        Assert.Equal("yes", await _scripts.LineAsync("variables"));
        await Patience.UntilAsync(() => ProcessTable.Status(process.ProcessId, "Name") == "sleep", "the program is what it becomes");
        Assert.Equal(Descriptors(process.ProcessId), await DescriptorsOfAnyChildAsync()); // Not the pipes of gate and fuse.
        // 32 and 33 are the C library's own, and no concern of programs.
        Assert.Equal(0UL, Convert.ToUInt64(ProcessTable.Status(process.ProcessId, "SigIgn"), 16) & ~(3UL << 31));
        Assert.Equal(0UL, Convert.ToUInt64(ProcessTable.Status(process.ProcessId, "SigBlk"), 16));
    }

    [Theory]
    [InlineData("no-such-program", null, "no-such-program cannot be started: No such file")]
    [InlineData("sh", "/no/such/folder", "sh cannot be started: No such file")]
    public async Task Start_OfWhatIsNotThere_SaysSo(string program, string? folder, string expected)
    {
        var error = await Assert.ThrowsAsync<ProcessNotStartedException>(() => StartAsync([program], o => o with { WorkingDirectory = folder }));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutAFuse_StartsNothing()
    {
        var error = await Assert.ThrowsAsync<ProcessNotStartedException>(() => StartAsync(_scripts.Stubborn(), o => o with { Fuse = ["/no/such/fuse"] }));

        Assert.StartsWith("The fuse /no/such/fuse cannot be started", error.Message, StringComparison.Ordinal);
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    [Fact]
    public async Task Start_WhenTheDeadlinePassesMeanwhile_StartsNothing()
    {
        await Assert.ThrowsAsync<ProcessNotStartedException>(() => SupervisedProcess.StartAsync(
            Options(_scripts.Stubborn()), TimeSpan.FromTicks(1), BootTimeProvider.Instance, NullLogger.Instance, CancellationToken.None).Within());

        Assert.False(File.Exists(Path.Combine(_scripts.Path, "pid")));
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    [Fact]
    public async Task Start_WhenCancelled_LeavesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var starting = SupervisedProcess.StartAsync(Options(_scripts.Stubborn()), Long, BootTimeProvider.Instance, NullLogger.Instance, cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.Within());
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    [Theory]
    [InlineData("SIGKILL")]
    [InlineData("15")]
    public async Task Start_WithASignalThatStopsNothing_IsRefused(string signal) =>
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(["true"], o => o with { StopSignal = signal }));

    // Long after the end, orders to nobody.
    [Fact]
    public async Task Orders_AfterTheEnd_DoNothing()
    {
        var process = await StartAsync(["true"]);
        await process.Exited.Within();

        process.Extend(Long);
        process.Stop();
        process.Kill();

        Assert.False((await process.Exited).WasStopped);
    }

    private static string[] Descriptors(int process) => [.. Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Order(StringComparer.Ordinal).Select(d => Path.GetFileName(d))];

    // 0 to 2, and what the tests were started with.
    private static async Task<string[]> DescriptorsOfAnyChildAsync()
    {
        using var child = System.Diagnostics.Process.Start("sleep", ["1000"]);
        await Patience.UntilAsync(() => ProcessTable.Status(child.Id, "Name") == "sleep", "the child runs");
        var descriptors = Descriptors(child.Id);
        child.Kill();
        await child.WaitForExitAsync().Within();
        return descriptors;
    }

    private static SupervisedProcessOptions Options(string[] command) => new() { Command = command, Fuse = TestProgram.Fuse };

    private static Task<SupervisedProcess> StartAsync(string[] command, Func<SupervisedProcessOptions, SupervisedProcessOptions>? change = null)
    {
        var options = Options(command);
        return SupervisedProcess.StartAsync(change?.Invoke(options) ?? options, Long, BootTimeProvider.Instance, NullLogger.Instance, CancellationToken.None).Within();
    }
}
