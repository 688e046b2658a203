using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Bases;
using BucketProxy.Emulator.Http;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Emulator.Nodes;

/// <summary>
/// One run of a stateful dtable-server stand-in: it loads a base from shared storage at first access, answers from memory, and overwrites the base's file
/// on a timer and when it stops. Two nodes that hold one base lose each other's rows; that is the point of it.
/// A stopped or crashed node stays so: a restart is a new <see cref="EmulatedNode"/> with the same options.
/// </summary>
public sealed class EmulatedNode : IAsyncDisposable
{
    private readonly EmulatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileJournal? _file;
    private readonly NodeJournal _journal;
    private readonly SocketHub _sockets;
    private readonly BaseRegistry _bases;
    private readonly ConnectionSockets _connections = new();
    private readonly BaseReleases _releases;
    private readonly NodeCounters _counters;
    private readonly CancellationTokenSource _ended = new();
    private readonly WebApplication _app;
    private Task _flushing = Task.CompletedTask;
    private int _ending;

    /// <summary>Builds the node; nothing listens before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Who it is.</param>
    /// <param name="time">The clock of flushes and journal.</param>
    /// <param name="journal">Where the journal goes beside <see cref="EmulatorOptions.JournalPath"/>; the caller keeps it.</param>
    /// <param name="loggers">Where failures are logged.</param>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    public EmulatedNode(EmulatorOptions options, TimeProvider? time = null, IJournalSink? journal = null, ILoggerFactory? loggers = null)
    {
        options.Validate();
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<EmulatedNode>();
        StartTime = _time.GetUtcNow();
        _file = options.JournalPath is null ? null : new FileJournal(options.JournalPath);
        _journal = new NodeJournal(Id, StartTime, [.. new[] { journal, _file }.OfType<IJournalSink>()], _time);
        _sockets = new SocketHub(_time);
        _bases = new BaseRegistry(new BaseStorage(options.StorageDirectory, Id), _journal, _sockets.CloseAsync, _time);
        _releases = new BaseReleases(_bases, _journal);
        _counters = new NodeCounters(() => _sockets.Count, () => _bases.Count);
        var pipeline = new NodePipeline(options, _counters, _releases, _bases, _sockets, _journal, _logger, _time);
        _app = NodeServer.Build(options, _connections, pipeline, loggers);
    }

    /// <summary>The node's id.</summary>
    public string Id => _options.Id;

    /// <summary>When this run began; a restart has another.</summary>
    public DateTimeOffset StartTime { get; }

    /// <summary>Where it listens, with the port it was given and <see cref="EmulatorOptions.PathBase"/>.</summary>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public Uri Url { get => field ?? throw new InvalidOperationException("The node was not started."); private set; }

    /// <summary>The bases in memory, in lower case with dashes.</summary>
    public IReadOnlyList<string> LoadedBases => [.. _bases.Loaded.Select(key => key.Id)];

    /// <summary>The requests for bases so far, and sockets opened.</summary>
    public long Operations => _counters.Operations;

    /// <summary>The websockets open now.</summary>
    public int OpenSockets => _sockets.Count;

    /// <summary>True from the moment of a crash or the end of a stop.</summary>
    public bool HasEnded => _ended.IsCancellationRequested;

    /// <summary>Listens and begins to flush.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        _journal.Write(new JournalEntry { Event = JournalEvent.Start });
        await _app.StartAsync(cancel);
        Url = new Uri(_app.Urls.First().TrimEnd('/') + _options.PathBase);
        _flushing = FlushOnTimerAsync();
    }

    /// <summary>Saves every base that changed. Answers how many.</summary>
    /// <exception cref="IOException">The storage does not take it; the bases stay in memory, to be saved later.</exception>
    public async Task<int> FlushAsync(CancellationToken cancel = default)
    {
        var start = _time.GetUtcNow();
        var saved = await _bases.SaveAllAsync(_options.SavesUnchanged, cancel);
        _counters.CountSaving(start, _time.GetUtcNow(), saved);
        return saved;
    }

    /// <inheritdoc cref="BaseReleases.BucketAsync"/>
    public Task<Released> ReleaseBucketAsync(Bucket bucket, long epoch, CancellationToken cancel = default) => _releases.BucketAsync(bucket, epoch, cancel);

    /// <inheritdoc cref="BaseReleases.PinAsync"/>
    public Task<Released> ReleasePinAsync(BasePrefix pin, long epoch, CancellationToken cancel = default) => _releases.PinAsync(pin, epoch, cancel);

    /// <summary>As on SIGTERM: takes no new connection, lets running requests finish, closes sockets, saves everything, ends. Does nothing the second time.</summary>
    /// <exception cref="IOException">Something could not be saved; it is lost.</exception>
    public async Task StopAsync(CancellationToken cancel = default)
    {
        if (Interlocked.Exchange(ref _ending, 1) != 0)
            return;
        try
        {
            await _sockets.StopAsync();
            await _app.StopAsync(cancel);
            await _bases.UnloadAsync(_ => true, cancel);
            _journal.Close(JournalEvent.Stop);
        }
        finally
        {
            await EndAsync();
        }
    }

    /// <summary>As on kill −9: memory is lost, nothing is saved, every connection is reset, nothing listens any more.</summary>
    public async Task AbortAsync()
    {
        if (Interlocked.Exchange(ref _ending, 1) != 0)
            return;
        // From here on nothing this run still does can be saved, acknowledged or written down.
        _journal.Close(JournalEvent.Crash);
        _connections.ResetAll();
        await _app.Services.GetRequiredService<IServer>().StopAsync(new CancellationToken(canceled: true));
        _connections.ResetAll();
        await EndAsync();
    }

    /// <summary>Stops it, if it still runs.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task EndAsync()
    {
        await _ended.CancelAsync();
        await _flushing;
        await _app.DisposeAsync();
        // Also when a stop failed half-way: a dead node writes nothing.
        _journal.Close(JournalEvent.Crash);
        _file?.Dispose();
    }

    private async Task FlushOnTimerAsync()
    {
        using var timer = new PeriodicTimer(_options.FlushInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                try
                {
                    await FlushAsync(_ended.Token);
                    await _bases.UnloadIdleAsync(_time.GetUtcNow() - _options.UnloadIdleAfter, _ended.Token);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Log.NotSaved(_logger, e, Id);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && HasEndedOrEnds)
        {
            // Stopped, or crashed in the middle of a save.
        }
    }

    private bool HasEndedOrEnds => Volatile.Read(ref _ending) != 0;
}
