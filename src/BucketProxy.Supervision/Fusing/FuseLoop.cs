using System.ComponentModel;
using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;

namespace BucketProxy.Supervision.Fusing;

/// <summary>The fuse at work: one thread that waits for the gate's orders, the deadline and the end of processes.</summary>
/// <remarks>
/// <code>
/// 1  the first order is a deadline; without one nothing is started
/// 2  start the program
/// 3  orders move the deadline, stop, kill; their end, and the deadline, kill
/// 4  kill, look again, until no descendant is left
/// 5  report, and end
/// </code>
/// </remarks>
internal sealed class FuseLoop(FuseArguments arguments, IReadOnlyList<string> ownCommand, Descriptor orders, Descriptor reports) : IDisposable
{
    // Between two rounds of killing: long enough for the dead to be reaped.
    private const int RoundMilliseconds = 2;
    private const int Closed = -1;

    private readonly BootTimer _timer = new();
    private readonly LineReader _lines = new();
    private long? _deadline;
    private bool _ordersEnded;
    private int? _stopSignal;
    private bool _killing;
    private Cause? _cause;

    /// <summary>Comes back when no process is left.</summary>
    /// <returns>The exit code of the fuse.</returns>
    public int Run()
    {
        // :: 1
        while (_deadline is null && !_ordersEnded)
            ReadOrders(null);
        if (_deadline is null)
            return FuseExitCodes.Usage;
        KillWhenLate();
        if (_killing)
            return Report(Words.Gone, (long)(_cause ?? Cause.Itself));

        // :: 2
        var (outcome, tell) = Descriptor.Pipe();
        using (outcome)
        {
            int program;
            using (tell)
            {
                try
                {
                    program = Spawner.Start([.. ownCommand, .. (arguments with { Exec = Environment.ProcessId }).ToArguments()], Spawner.Environment(), null, tell);
                }
                catch (Win32Exception e)
                {
                    return Report(Words.NotStarted, e.NativeErrorCode);
                }
            }
            using var reaper = new Reaper(program);
            if (_stopSignal is { } signal)
                reaper.Signal(signal); // Ordered with the first deadline.
            return Watch(program, reaper, outcome);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private int Watch(int program, Reaper reaper, Descriptor outcome)
    {
        var started = false;
        while (true)
        {
            var ready = Poller.Wait(
                [started ? Closed : outcome.Number, reaper.Number, _ordersEnded ? Closed : orders.Number, _killing ? Closed : _timer.Number],
                _killing ? RoundMilliseconds : Poller.ForEver);

            if ((ready & 1) != 0)
            {
                started = true;
                ReportStart(program, outcome);
            }
            if ((ready & 2) != 0)
            {
                var (ended, noneLeft) = reaper.Take();
                if (ended is { } status)
                    ProgramEnded(status, reaper);
                if (noneLeft)
                    return Report(Words.Gone, (long)(_cause ?? Cause.Itself)); // :: 5
            }
            // :: 3  Orders first: what moved the deadline in time counts, however late it is read.
            if ((ready & 4) != 0)
                ReadOrders(reaper);
            KillWhenLate();
            if (_killing)
                KillOnce(reaper); // :: 4
        }
    }

    private void ReadOrders(Reaper? reaper)
    {
        Span<byte> bytes = stackalloc byte[4096];
        var count = orders.Read(bytes);
        if (count <= 0)
        {
            _ordersEnded = true;
            Kill(Cause.GateGone);
            return;
        }
        foreach (var line in _lines.Add(bytes[..count]))
        {
            switch (line.Word)
            {
                case Words.Until:
                    _deadline = line.Value;
                    _timer.Set(line.Value);
                    break;
                case Words.Stop when !_killing:
                    _stopSignal = (int)line.Value;
                    reaper?.Signal(_stopSignal.Value);
                    break;
                case Words.Kill:
                    Kill(Cause.Order);
                    break;
            }
        }
    }

    // The clock decides, not the timer that woke us: a deadline may have moved since.
    private void KillWhenLate()
    {
        if (!_killing && BootClock.Now() >= _deadline)
            Kill(Cause.Deadline);
    }

    // There is no way back: an extension that comes later finds nothing to extend.
    private void Kill(Cause cause)
    {
        _killing = true;
        _cause ??= cause;
    }

    private void KillOnce(Reaper reaper)
    {
        try
        {
            if (reaper.Kill() > 0)
                _cause ??= Cause.LeftBehind;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            // /proc cannot be read just now, as when there are too many open files. The program's own group was killed before; the rest in the next round.
            // The end is not taken from /proc, so nothing is missed.
        }
    }

    private void ProgramEnded(ExitStatus status, Reaper reaper)
    {
        Report(Words.Ended, status.Status);
        // Who was asked to end may have left the saving to its children (a shell around the server): they are asked too, and have until the deadline.
        if (_stopSignal is { } signal)
            reaper.Signal(signal);
        else
            _killing = true; // What a program leaves that ended by itself holds up its next run.
    }

    private void ReportStart(int program, Descriptor outcome)
    {
        Span<byte> bytes = stackalloc byte[128];
        var count = outcome.Read(bytes);
        var failures = count > 0 ? new LineReader().Add(bytes[..count]) : [];
        if (failures is [var failure, ..])
            Report(failure.Word, failure.Value);
        else
            Report(Words.Running, program);
    }

    // Fails when the gate is gone, and then nobody needs it.
    private int Report(string word, long value)
    {
        reports.Write(new Line(word, value).ToBytes());
        return FuseExitCodes.Done;
    }
}
