using System.Threading.Channels;

namespace BucketProxy.Gateway.RequestLogging;

/// <summary>
/// One line for each ended request, written by a task of its own: the threads that carry requests hand a record over and go on. What
/// the writer cannot keep up with is dropped and counted, never waited for.
/// </summary>
public sealed class RequestLog : IAsyncDisposable
{
    /// <summary>Records that may wait to be written.</summary>
    public const int DefaultCapacity = 16_384;

    // Enough that a write is worth its system call, and little enough that the log is never far behind.
    private const int MostPerWrite = 64 * 1024;

    // One write for all that comes meanwhile: under load a write for each line would cost more than the line.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(10);

    private readonly Channel<(RequestRecord Record, DateTimeOffset At)> _records;
    private readonly IRequestLogOutput _output;
    private readonly RequestLines _lines;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _writing;
    private long _dropped;

    /// <summary>Begins to write.</summary>
    /// <param name="output">Where to; disposed of with the log.</param>
    /// <param name="format">How.</param>
    /// <param name="time">The clock of the lines.</param>
    /// <param name="capacity">Records that may wait; at least 1. Each takes about 200 bytes.</param>
    public RequestLog(IRequestLogOutput output, RequestLogFormat format, TimeProvider time, int capacity = DefaultCapacity)
    {
        _output = output;
        _lines = new RequestLines(format);
        _time = time;
        // Wait: a full channel refuses, so that what is dropped can be counted.
        _records = Channel.CreateBounded<(RequestRecord, DateTimeOffset)>(
            new BoundedChannelOptions(capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Lines that were not written, because the output was too slow or failed.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    internal void Write(in RequestRecord record)
    {
        if (!_records.Writer.TryWrite((record, _time.GetUtcNow())))
            Interlocked.Increment(ref _dropped);
    }

    private async Task WriteAllAsync()
    {
        while (await _records.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var count = 0;
            while (_lines.Length < MostPerWrite && _records.Reader.TryRead(out var next))
            {
                _lines.Add(next.Record, next.At);
                count++;
            }
            try
            {
                await _output.WriteAsync(_lines.Bytes).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not end the log for good; the metric tells that lines are missing.
                Interlocked.Add(ref _dropped, count);
            }
            _lines.Clear();
            await Task.Delay(Gather, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Writes what has been handed over, and closes the output.</summary>
    public async ValueTask DisposeAsync()
    {
        _records.Writer.TryComplete();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _ending.Dispose();
        _lines.Dispose();
        await _output.DisposeAsync().ConfigureAwait(false);
    }
}
