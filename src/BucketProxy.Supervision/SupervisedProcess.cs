using System.ComponentModel;
using BucketProxy.Supervision.Logging;
using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;
using BucketProxy.Supervision.Watching;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Supervision;

/// <summary>A program that runs until its deadline and no longer, however this process fares: a fuse, a process of its own, kills it. The deadline is moved as long
/// as the program may live. Thread-safe.</summary>
public sealed class SupervisedProcess : IAsyncDisposable
{
    // By which a fuse speaks first, so that it can tell how the program ended. One that has not done its work by then is dead, frozen or starved.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(100);

    // What systemd says to this process, it does not say to the program.
    private static readonly string[] OfSystemd = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

    private readonly ProcessWatch _watch;
    private readonly int _fuse;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly int _stopSignal;

    private SupervisedProcess(int fuse, ProcessWatch watch, TimeProvider time, ILogger logger, int stopSignal)
    {
        _fuse = fuse;
        _watch = watch;
        Exited = ExitAsync(watch);
        _time = time;
        _logger = logger;
        _stopSignal = stopSignal;
    }

    /// <summary>The program's process id.</summary>
    public int ProcessId { get; private set; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>Completes when no process of it is left: neither the program nor anything that it started, however deep. Never faults, and is never
    /// cancelled.</summary>
    public Task<ProcessExit> Exited { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="untilKilled">How far the first deadline is, from this call on. Starting counts.</param>
    /// <param name="time">Says when it was started, and what <see cref="ExtendUntil"/> means. The deadline itself is measured by CLOCK_BOOTTIME.</param>
    /// <param name="logger">Hears of starts, ends, and failures of the fuse.</param>
    /// <param name="cancellationToken">Gives up; what has been started is killed.</param>
    /// <exception cref="ArgumentException">The options have a <see cref="SupervisedProcessOptions.Problem"/>, or the deadline has passed.</exception>
    /// <exception cref="ProcessNotStartedException">The program or the fuse cannot be started, or did not start by the deadline.</exception>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public static async Task<SupervisedProcess> StartAsync(
        SupervisedProcessOptions options, TimeSpan untilKilled, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(untilKilled, TimeSpan.Zero);
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(options));
        var deadline = BootClock.Now() + BootClock.Nanoseconds(untilKilled);
        cancellationToken.ThrowIfCancellationRequested();

        var changes = (options.Environment ?? new Dictionary<string, string?>()).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
        foreach (var name in OfSystemd)
            changes[name] = null;
        string[] directory = options.WorkingDirectory is { } folder ? ["--directory", folder] : [];
        FuseLink link;
        try
        {
            link = FuseLink.Start([.. options.Fuse, .. directory, "--", .. options.Command], Spawner.Environment(changes), new Line(Words.Until, deadline));
        }
        catch (Win32Exception e)
        {
            throw new ProcessNotStartedException($"The fuse {options.Fuse[0]} cannot be started: {e.Message}.", e);
        }

        var watch = new ProcessWatch(link, deadline, BootClock.Nanoseconds(HeadStart), logger);
        var process = new SupervisedProcess(link.Fuse, watch, time, logger, Signals.Number(options.StopSignal)!.Value);
        watch.Begin();
        try
        {
            process.ProcessId = await watch.Started.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await watch.Ended;
            throw;
        }
        catch (Win32Exception e)
        {
            await watch.Ended;
            throw new ProcessNotStartedException($"{options.Command[0]} cannot be started: {e.Message}.", e);
        }
        process.StartedAt = time.GetUtcNow();
        Log.Started(logger, options.Command[0], process.ProcessId, process._fuse);
        return process;
    }

    /// <summary>Moves the deadline to this far from now, later or earlier. Never waits. Without effect when the deadline has passed.</summary>
    /// <remarks>"Now" is the moment of this call: whoever is frozen between computing the span and calling extends by too much. Where the span is what is left
    /// of a lease, call <see cref="ExtendUntil"/>.</remarks>
    public void Extend(TimeSpan untilKilled) => MoveDeadline(BootClock.Now() + BootClock.Nanoseconds(untilKilled));

    /// <summary>Moves the deadline to an instant. Never waits. Without effect when the deadline has passed.</summary>
    /// <param name="timestamp">Of the <see cref="TimeProvider"/> given at the start. Exact for <see cref="BootTimeProvider"/>; another one may have stood still
    /// while the machine was suspended, and what it missed since the instant was computed is added.</param>
    public void ExtendUntil(long timestamp)
    {
        if (_time is BootTimeProvider)
        {
            MoveDeadline(timestamp);
            return;
        }
        // This clock is read before the other: a freeze between the two moves the deadline forward, not back.
        var now = BootClock.Now();
        MoveDeadline(now + BootClock.Nanoseconds(_time.GetElapsedTime(_time.GetTimestamp(), timestamp)));
    }

    /// <summary>Asks the program to end, by the stop signal. If it has ended and left others, those. The deadline stays.</summary>
    public void Stop()
    {
        if (!_watch.Stop(_stopSignal) && !Exited.IsCompleted)
            Log.OrderNotTaken(_logger, _fuse, ProcessId);
    }

    /// <summary>Kills the program and all that it started, at once.</summary>
    public void Kill() => _watch.Kill();

    /// <summary>Kills what is left, and waits until nothing is.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
    }

    private static async Task<ProcessExit> ExitAsync(ProcessWatch watch)
    {
        var ending = await watch.Ended;
        return new ProcessExit(ending.Status?.Code, ending.Status?.Signal, ending.WasStopped, ending.WasKilled, ending.ToString());
    }

    private void MoveDeadline(long deadline)
    {
        if (!_watch.MoveDeadline(deadline) && !Exited.IsCompleted)
            Log.OrderNotTaken(_logger, _fuse, ProcessId);
    }
}
