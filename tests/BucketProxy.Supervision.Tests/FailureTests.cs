using BucketProxy.Testing;
using BucketProxy.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Supervision.Tests;

/// <summary>The gate is frozen or killed, the fuse is frozen or killed, or both: the program dies. The gate is a process of its own wherever it is what fails.
/// </summary>
public sealed class FailureTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private readonly Scripts _scripts = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _scripts.DisposeAsync().AsTask();

    [Fact]
    public async Task Freeze_OfTheGate_EndsTheProgramAtItsDeadline()
    {
        var gate = _scripts.Start(TestProgram.Gate(Short, _scripts.WithDaemon()));
        var (program, daemon) = await RunningAsync(gate);

        await gate.FreezeAsync();

        await ProcessTable.GoneAsync(program);
        await ProcessTable.GoneAsync(daemon);

        await gate.ThawAsync();
        Assert.Contains("its deadline passed", await gate.LineAsync("exited "), StringComparison.Ordinal);
        // The fuse was in time, whatever the clock says by now.
        Assert.DoesNotContain("did not kill in time", gate.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_OfTheGate_EndsTheProgramAtOnce()
    {
        var gate = _scripts.Start(TestProgram.Gate(Long, _scripts.WithDaemon()));
        var (program, daemon) = await RunningAsync(gate);
        var fuse = ProcessTable.ParentOf(program);

        await Scripts.SignalAsync("KILL", await gate.Pid);

        await ProcessTable.GoneAsync(program);
        await ProcessTable.GoneAsync(daemon);
        await ProcessTable.GoneAsync(fuse);
    }

    [Fact]
    public async Task Signals_ThatEndOtherProcesses_DoNotEndTheFuse()
    {
        var process = await StartAsync(_scripts.Stubborn());
        var program = await _scripts.ProcessAsync();
        var fuse = ProcessTable.ParentOf(program);

        foreach (var signal in new[] { "HUP", "INT", "QUIT", "TERM", "USR1", "USR2" })
            await Scripts.SignalAsync(signal, fuse);
        process.Kill();

        // By the fuse: had it died, this would be told.
        Assert.Contains("as ordered", (await process.Exited.Within()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_OfTheFuse_EndsTheProgramAtOnceAndTells()
    {
        var process = await StartAsync(_scripts.WithDaemon());
        var daemon = await _scripts.ProcessAsync("daemon");
        var program = await _scripts.ProcessAsync();

        await Scripts.SignalAsync("KILL", ProcessTable.ParentOf(program));

        var exit = await process.Exited.Within();
        Assert.Equal((null, 9, false, true), (exit.ExitCode, exit.Signal, exit.WasStopped, exit.WasKilled));
        Assert.Contains("its fuse died", exit.Reason, StringComparison.Ordinal);
        Assert.False(ProcessTable.IsAlive(program));
        Assert.False(ProcessTable.IsAlive(daemon));
    }

    // What the gate starts otherwise is not the fuse's, and is left alone.
    [Fact]
    public async Task Kill_OfTheFuse_LeavesOtherChildrenAlone()
    {
        var other = await StartAsync(_scripts.Run("echo $$ > DIR/other; exec sleep 1000"));
        using var child = System.Diagnostics.Process.Start("sleep", ["1000"]);
        var process = await StartAsync(_scripts.Stubborn());
        var program = await _scripts.ProcessAsync();

        await Scripts.SignalAsync("KILL", ProcessTable.ParentOf(program));

        await process.Exited.Within();
        Assert.False(other.Exited.IsCompleted);
        Assert.True(ProcessTable.IsAlive(await _scripts.ProcessAsync("other")));
        Assert.False(child.HasExited);
        child.Kill();
        await child.WaitForExitAsync().Within();
        Assert.Equal(128 + 9, child.ExitCode);
    }

    [Fact]
    public async Task Freeze_OfTheFuse_EndsTheProgramAtItsDeadline()
    {
        var process = await StartAsync(_scripts.WithDaemon());
        var daemon = await _scripts.ProcessAsync("daemon");
        var program = await _scripts.ProcessAsync();
        await Scripts.SignalAsync("STOP", ProcessTable.ParentOf(program));

        process.Extend(TimeSpan.FromMilliseconds(200));

        var exit = await process.Exited.Within();
        Assert.Contains("its deadline passed", exit.Reason, StringComparison.Ordinal);
        Assert.False(ProcessTable.IsAlive(program));
        Assert.False(ProcessTable.IsAlive(daemon));
    }

    [Fact]
    public async Task Kill_WithAFrozenFuse_KillsAllTheSame()
    {
        var process = await StartAsync(_scripts.WithDaemon());
        await _scripts.ProcessAsync("daemon");
        var program = await _scripts.ProcessAsync();
        await Scripts.SignalAsync("STOP", ProcessTable.ParentOf(program));

        process.Kill();

        Assert.True((await process.Exited.Within()).WasKilled);
        Assert.Empty(ProcessTable.Mentioning(_scripts.Path));
    }

    // A fuse that reads nothing fills its pipe. From then on its deadline cannot be moved, so the gate keeps to that one.
    [Fact]
    public async Task Extend_WithAFrozenFuse_StopsMovingTheDeadline()
    {
        var process = await StartAsync(_scripts.Stubborn());
        var program = await _scripts.ProcessAsync();
        await Scripts.SignalAsync("STOP", ProcessTable.ParentOf(program));

        await Patience.UntilAsync(() =>
        {
            for (var i = 0; i < 1000; i++)
                process.Extend(TimeSpan.FromSeconds(2));
            return process.Exited.IsCompleted;
        }, "the program has ended though its deadline is moved all the time");

        Assert.Contains("its deadline passed", (await process.Exited).Reason, StringComparison.Ordinal);
    }

    // Frozen first, so that it cannot do what it does when its fuse dies: as if both were killed at one moment.
    [Fact]
    public async Task Kill_OfTheFuseWithAFrozenGate_EndsTheProgram()
    {
        var gate = _scripts.Start(TestProgram.Gate(Long, _scripts.Stubborn()));
        var program = int.Parse(await gate.LineAsync("running "), null);
        await _scripts.ProcessAsync();
        await gate.FreezeAsync();

        await Scripts.SignalAsync("KILL", ProcessTable.ParentOf(program));

        await ProcessTable.GoneAsync(program);
    }

    // As in a container. The kernel ends a namespace with its first process, so not even the fuse is needed.
    [Fact]
    public async Task Kill_OfTheGateAsFirstProcessOfANamespace_EndsTheProgram()
    {
        var container = _scripts.Start([.. Namespace, .. TestProgram.Gate(Long, _scripts.WithDaemon())]);
        await container.LineAsync("running ");
        await _scripts.ProcessAsync("daemon");
        var gate = FirstProcessBelow(await container.Pid);
        var fuse = Children(gate).Single();
        var programAndDaemon = Children(fuse);
        Assert.Equal(2, programAndDaemon.Count);

        // The fuse first, and frozen, so that it is not what ends the program.
        await Scripts.SignalAsync("STOP", fuse);
        await Scripts.SignalAsync("KILL", gate);

        foreach (var process in programAndDaemon)
            await ProcessTable.GoneAsync(process);
    }

    // What others leave in the namespace (docker exec) comes to its first process, and fills the table if nobody reaps it.
    [Fact]
    public async Task Orphans_OfOthers_AreReapedByTheFirstProcessOfANamespace()
    {
        var container = _scripts.Start([.. Namespace, .. TestProgram.Gate(Long, _scripts.Stubborn())]);
        await container.LineAsync("running ");
        var gate = FirstProcessBelow(await container.Pid);

        using var visitor = System.Diagnostics.Process.Start("nsenter", ["--target", $"{gate}", "--pid", "--", .. _scripts.Run("(setsid sleep 0.1 &)")]);
        await visitor.WaitForExitAsync().Within();

        Assert.Equal(0, visitor.ExitCode);
        await Patience.UntilAsync(() => Children(gate) is [var only] && ProcessTable.IsAlive(only), "the gate has its fuse for a child, and no orphan");
    }

    [Fact]
    public async Task Output_OfTheProgram_IsThatOfTheGate()
    {
        var gate = _scripts.Start(TestProgram.Gate(Long, _scripts.Run("echo to-output; echo to-error >&2; exit 6")));

        Assert.Equal("put", await gate.LineAsync("to-out"));
        Assert.Equal("ror", await gate.LineAsync("to-er"));
        Assert.Contains("exit code 6", await gate.LineAsync("exited "), StringComparison.Ordinal);
    }

    // With a namespace of users where that takes rights that the tests do not have.
    private static string[] Namespace => ["unshare", .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--map-root-user"], "--pid", "--fork", "--kill-child", "--mount-proc"];

    private static int FirstProcessBelow(int process) => Children(process).Single();

    private static IReadOnlyList<int> Children(int process) => [.. ProcessTable.All().Where(p => ProcessTable.ParentOf(p) == process)];

    private static Task<SupervisedProcess> StartAsync(string[] command) => SupervisedProcess.StartAsync(
        new() { Command = command, Fuse = TestProgram.Fuse }, Long, BootTimeProvider.Instance, NullLogger.Instance, CancellationToken.None).Within();

    private async Task<(int Program, int Daemon)> RunningAsync(ChildProcess gate)
    {
        var program = int.Parse(await gate.LineAsync("running "), null);
        return (program, await _scripts.ProcessAsync("daemon"));
    }
}
