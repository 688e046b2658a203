using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using BucketProxy.Supervision.Logging;
using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Supervision.Watching;

/// <summary>A thread of its own that hears what a fuse reports, and does the fuse's work when the fuse does not: at the deadline, after an order to kill, and
/// when the fuse dies. It needs no thread of the pool.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The thread disposes of what it uses, at its end.")]
internal sealed class ProcessWatch
{
    private const int RoundMilliseconds = 5;
    private const int StraysMilliseconds = 5_000;

    private readonly Lock _lock = new();
    private readonly FuseLink _link;
    private readonly BootTimer _timer = new();
    private readonly ILogger _logger;
    private readonly long _headStart;
    private readonly TaskCompletionSource<int> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Ending> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guarded by the lock.
    private long _deadline;
    private bool _killOrdered;
    private bool _stopped;
    private bool _over;

    // The thread's own.
    private int _program;
    private ExitStatus? _status;
    private bool _stoppedInTime;
    private Cause? _cause;
    private int? _failure;

    /// <summary>A watch over a fuse that was just started.</summary>
    /// <param name="link">The fuse. The watch closes it.</param>
    /// <param name="deadline">What the fuse was given.</param>
    /// <param name="headStart">In nanoseconds: how much later than the fuse the watch kills.</param>
    /// <param name="logger">Hears when the fuse fails.</param>
    public ProcessWatch(FuseLink link, long deadline, long headStart, ILogger logger)
    {
        _link = link;
        _deadline = deadline;
        _headStart = headStart;
        _logger = logger;
        _timer.Set(deadline + headStart);
    }

    /// <summary>The program's process id, once it runs. Faults with <see cref="Win32Exception"/> if it never does.</summary>
    public Task<int> Started => _started.Task;

    /// <summary>No process is left. Never faults.</summary>
    public Task<Ending> Ended => _ended.Task;

    /// <summary>Starts the thread.</summary>
    public void Begin() => new Thread(Watch) { IsBackground = true, Name = "supervision" }.Start();

    /// <summary>Tells the fuse of another deadline. False: it does not listen, so the old one stays, here too.</summary>
    public bool MoveDeadline(long deadline)
    {
        lock (_lock)
        {
            if (_over || _killOrdered)
                return true;
            if (!_link.TryOrder(new Line(Words.Until, deadline)))
                return false;
            _deadline = deadline;
            _timer.Set(deadline + _headStart);
            return true;
        }
    }

    /// <summary>Tells the fuse to send a signal. False: it does not listen.</summary>
    public bool Stop(int signal)
    {
        lock (_lock)
        {
            if (_over)
                return true;
            _stopped = true;
            return _link.TryOrder(new Line(Words.Stop, signal));
        }
    }

    /// <summary>Has everything killed: by the fuse, and should it not do so, from here.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_over || _killOrdered)
                return;
            _killOrdered = true;
            _link.TryOrder(new Line(Words.Kill, 0));
            _timer.Set(Math.Min(_deadline, BootClock.Now()) + _headStart);
        }
    }

    private void Watch()
    {
        while (true)
        {
            var ready = Poller.Wait([_link.Number, _timer.Number], StraysMilliseconds);
            if ((ready & 1) != 0)
            {
                if (!_link.TryRead(out var reports))
                    break;
                foreach (var report in reports)
                    Hear(report);
            }
            // It may have done its work while this process stood still.
            if ((ready & 2) != 0 && _cause is null)
                KillLateFuse();
            if (ready == 0)
                Try(AdoptedProcesses.ReapStrays);
        }
        AdoptedProcesses.AwaitFuse(_link.Fuse);
        if (_cause is null)
            Bury();
        End();
    }

    private void Hear(Line report)
    {
        switch (report.Word)
        {
            case Words.Running:
                _program = (int)report.Value;
                AdoptedProcesses.Expect(_program);
                _started.TrySetResult(_program);
                break;
            case Words.NotStarted or Words.NoDirectory:
                _failure = (int)report.Value;
                break;
            case Words.Ended:
                _status = new ExitStatus((int)report.Value);
                NoteStop();
                break;
            case Words.Gone:
                _cause = (Cause)report.Value;
                break;
        }
    }

    private void NoteStop()
    {
        lock (_lock)
            _stoppedInTime = _stopped;
    }

    private void KillLateFuse()
    {
        lock (_lock)
        {
            if (!_killOrdered && BootClock.Now() < _deadline + _headStart)
                return; // Moved since the timer fired.
            _timer.Set(long.MaxValue);
        }
        Log.FuseLate(_logger, _link.Fuse, _program);
        AdoptedProcesses.KillFuse(_link.Fuse);
    }

    // The fuse is dead and has not said that nothing is left: what it left is ours.
    private void Bury()
    {
        lock (_lock)
            _cause = _killOrdered ? Cause.Order : BootClock.Now() >= _deadline ? Cause.Deadline : Cause.FuseGone;
        if (_cause == Cause.FuseGone)
            Log.FuseDied(_logger, _link.Fuse, _program);
        var stopped = _status is not null;
        while (!Try(() => AdoptedProcesses.KillOnce(_program, ref _status) == 0))
            Poller.Wait([], RoundMilliseconds);
        if (!stopped)
            NoteStop();
    }

    private void End()
    {
        bool stopped;
        lock (_lock)
        {
            _over = true;
            stopped = _stoppedInTime;
        }
        AdoptedProcesses.Forget(_program);
        _link.Dispose();
        _timer.Dispose();
        var ending = new Ending(_status, _cause!.Value, stopped);
        if (_failure is { } errno)
            _started.TrySetException(new Win32Exception(errno));
        else if (!_started.Task.IsCompleted)
            _started.TrySetException(new Win32Exception(0, "its fuse ended before it ran"));
        else
            Log.Ended(_logger, _program, ending.ToString());
        _ = _started.Task.Exception; // Who gave up does not look any more.
        _ended.TrySetResult(ending);
    }

    private void Try(Action look) => Try(() =>
    {
        look();
        return true;
    });

    // What is in /proc may be unreadable for a while (too many open files). Nothing is taken for gone meanwhile.
    private bool Try(Func<bool> look)
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            Log.CannotLook(_logger, _program, e);
            return false;
        }
    }
}
