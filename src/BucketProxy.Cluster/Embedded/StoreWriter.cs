using System.Collections.Concurrent;
using BucketProxy.Cluster.Store;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// The one thread that touches an <see cref="EmbeddedStore"/>'s model and database. It takes whatever calls wait, runs them,
/// writes what they changed as one transaction, flushed, and only then answers: also reads, so that nobody ever saw what a
/// crash could take back.
/// </summary>
/// <remarks>
/// A thread of its own, because it blocks in fsync. When a write fails, the state goes back to what was acknowledged, and the
/// next call that changes anything writes the whole state to a new database.
/// </remarks>
internal sealed class StoreWriter : IDisposable
{
    private readonly BlockingCollection<StoreRequest> _requests = new(new ConcurrentQueue<StoreRequest>(), 4096);
    private readonly List<StoreChange> _changes = [];
    private readonly StoreDatabase _database;
    private readonly EmbeddedStoreOptions _options;
    private readonly Func<TimeSpan> _now;
    private readonly Func<ulong> _leaseSeed;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private StoreModel? _model;
    private TaskCompletionSource _changed = NewSignal();
    private TimeSpan? _nextExpiry;

    public StoreWriter(
        StoreModel model, StoreDatabase database, EmbeddedStoreOptions options, Func<TimeSpan> now, Func<ulong> leaseSeed, ILogger logger)
    {
        (_database, _options, _now, _leaseSeed, _logger) = (database, options, now, leaseSeed, logger);
        _model = model;
        _nextExpiry = model.NextExpiry;
        model.Changed = _changes.Add;
        _thread = new Thread(Run) { IsBackground = true, Name = "embedded store" };
        _thread.Start();
    }

    /// <summary>Told on the writer's thread when the next lease ends at another time than before; null: there is none.</summary>
    public Action<TimeSpan?>? NextExpiryChanged { get; set; }

    /// <summary>Completes at the next change that is on disk. Take it before reading, or a change is missed.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Queues a call.</summary>
    /// <exception cref="StoreUnavailableException">The store is closed, or too many calls wait.</exception>
    public void Post(StoreRequest request)
    {
        try
        {
            if (_requests.TryAdd(request))
                return;
        }
        catch (InvalidOperationException)
        {
            throw Closed();
        }
        throw new StoreUnavailableException($"The store in {_options.Directory} has too many calls waiting for its disk.");
    }

    /// <summary>Queues the end of leases whose time is over. Afterwards the time of the next is told again in any case.</summary>
    /// <exception cref="StoreUnavailableException">The store is closed, or too many calls wait.</exception>
    public void PostExpiry() => Post(new StoreRequest<int>(model =>
    {
        // A timer may fire early, and a disk may refuse: either way somebody must come again.
        _nextExpiry = null;
        return model.ExpireLeases(_now());
    }));

    /// <summary>Answers what waits, then ends the thread.</summary>
    public void Dispose()
    {
        _requests.CompleteAdding();
        _thread.Join();
        _requests.Dispose();
    }

    private void Run()
    {
        var batch = new List<StoreRequest>();
        foreach (var first in _requests.GetConsumingEnumerable())
        {
            batch.Clear();
            batch.Add(first);
            while (batch.Count < 256 && _requests.TryTake(out var next))
                batch.Add(next);
            try
            {
                Serve(batch);
            }
            catch (Exception e)
            {
                // Not a fault of the disk but of this code. Callers must not wait for ever, and nothing may go on from a
                // state that nobody knows.
                Log.WriterFailed(_logger, _options.Directory, e);
                _model = null;
                FailAll(batch, e);
            }
        }
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
    }

    private void Serve(List<StoreRequest> batch)
    {
        var model = _model ??= Reload();
        _changes.Clear();
        foreach (var request in batch)
            request.Execute(model);
        if (_changes.Count > 0 && !TryWrite(out var error))
        {
            RollBack(batch, error);
            return;
        }
        model.TrimHistory(_options.HistoryLength);
        foreach (var request in batch)
            request.Complete();
        if (_changes.Count > 0)
            Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
        SetNextExpiry();
    }

    private void SetNextExpiry()
    {
        if (_nextExpiry != _model!.NextExpiry)
            NextExpiryChanged?.Invoke(_nextExpiry = _model.NextExpiry);
    }

    /// <summary>Makes the collected changes durable. The model holds them already.</summary>
    private bool TryWrite(out Exception error)
    {
        error = null!;
        try
        {
            _database.Append(_changes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.WriteFailed(_logger, _options.Directory, e.Message);
            error = e;
            return false;
        }
    }

    /// <summary>Forgets what could not be written: whoever asked for a change is told so, the others get their answer.</summary>
    private void RollBack(List<StoreRequest> batch, Exception cause)
    {
        _model = Reload();
        foreach (var request in batch)
        {
            var scratch = _model.Clone();
            scratch.Changed = _changes.Add;
            _changes.Clear();
            request.Execute(scratch);
            if (_changes.Count > 0)
            {
                request.Fail(Unwritable(cause));
                continue;
            }
            _model = scratch;
            request.Complete();
        }
        SetNextExpiry();
    }

    private StoreModel Reload()
    {
        var model = _database.Load(_leaseSeed(), _now());
        model.Changed = _changes.Add;
        return model;
    }

    private void FailAll(List<StoreRequest> batch, Exception cause)
    {
        foreach (var request in batch)
            request.Fail(Unwritable(cause));
    }

    // They may be on disk although the flush failed: after a crash now they could be there.
    private StoreUnavailableException Unwritable(Exception cause) => new(
        $"The store in {_options.Directory} cannot be written: {cause.Message}", outcomeUnknown: true, cause);

    public StoreUnavailableException Closed() => new($"The store in {_options.Directory} is closed.");

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
