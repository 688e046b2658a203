using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;

namespace BucketProxy.Admin.Live;

/// <summary>
/// What this instance saw happen in the last hour, in memory: at most <see cref="Limit"/> entries. What was before its start is
/// read once from the audit records, so that the dashboard's slider reaches back over a restart. Thread-safe.
/// </summary>
internal sealed class Chronicle(IClusterDesk desk, TimeProvider time)
{
    /// <summary>Entries kept. 16 changes of owner for each bucket: a whole cluster drained and filled again several times an hour.</summary>
    public const int Limit = 4096;

    /// <summary>How far back it goes.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    // The audit record of a move is written when it ends, a moment after the change of owner that was seen; and another instance's
    // clock may differ.
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly LinkedList<HistoryEntry> _entries = [];
    private readonly StandingChanges _standings = new();
    private DateTimeOffset _since;
    private ClusterView? _seen;
    private bool? _connected;
    private long _last;
    private Task<bool>? _readBack;

    /// <summary>Compares a view with the one before it, and writes down what happened in between.</summary>
    public void See(ClusterView view, IReadOnlyDictionary<string, string> standings)
    {
        lock (_lock)
        {
            if (_seen is null)
                _since = time.GetUtcNow();
            else
                Add(ViewChanges.Between(_seen, view));
            _seen = view;
            Add(_standings.Changes(view, standings));
        }
    }

    /// <summary>Whether the store can be reached: no view says so.</summary>
    public void SeeStore(bool connected, string? error)
    {
        lock (_lock)
        {
            // An instance that starts has not lost it yet.
            if (_connected is null && !connected)
                return;
            if (_connected is { } before && before != connected)
            {
                Add([connected
                    ? new Happening("store", "good", null, "The store answers again.")
                    : new Happening("store", "bad", null, $"The store does not answer: {error ?? "no error"}.")]);
            }
            _connected = connected;
        }
    }

    /// <summary>Entries after the one with id <paramref name="id"/>, the earliest first.</summary>
    public IReadOnlyList<HistoryEntry> After(long id)
    {
        lock (_lock)
        {
            var found = new List<HistoryEntry>();
            for (var at = _entries.Last; at is not null && at.Value.Id > id; at = at.Previous)
                found.Add(at.Value);
            found.Reverse();
            return found;
        }
    }

    /// <summary>The last hour.</summary>
    public async Task<HistoryReport> ReportAsync(string run, CancellationToken cancellationToken)
    {
        await ReadBackAsync(cancellationToken);
        lock (_lock)
        {
            Forget();
            return new HistoryReport(run, _since, Limit, [.. _entries]);
        }
    }

    private void Add(IEnumerable<Happening> happenings)
    {
        var now = time.GetUtcNow();
        foreach (var happening in happenings)
            _entries.AddLast(happening.ToEntry(++_last, now));
        Forget();
    }

    private void Forget()
    {
        var oldest = time.GetUtcNow() - Kept;
        if (_since < oldest)
            _since = oldest;
        while (_entries.First is { } first && (first.Value.At < oldest || _entries.Count > Limit))
        {
            // Without this one, what was before it cannot be told.
            if (first.Value.At > _since)
                _since = first.Value.At;
            _entries.RemoveFirst();
        }
    }

    // Once, whoever asks, and again only if the store was away.
    private async Task ReadBackAsync(CancellationToken cancellationToken)
    {
        Task<bool> reading;
        lock (_lock)
        {
            if (_seen is null)
                return;
            if (_readBack is null or { IsCompleted: true, IsCompletedSuccessfully: false })
                _readBack = TryReadBackAsync(_since);
            reading = _readBack;
        }
        if (!await reading.WaitAsync(cancellationToken))
        {
            lock (_lock)
                Interlocked.CompareExchange(ref _readBack, null, reading);
        }
    }

    private async Task<bool> TryReadBackAsync(DateTimeOffset started)
    {
        var from = time.GetUtcNow() - Kept;
        try
        {
            var moves = await desk.MovesSinceAsync(from, Limit, CancellationToken.None);
            lock (_lock)
                Prepend([.. moves.Where(m => m.At < started + Overlap && !WasSeen(m))], moves.Count < Limit ? from : moves[^1].At);
            return true;
        }
        catch (OrderRefusedException)
        {
            // The store is away: the page says so. What was seen since the start is shown, and the rest is asked for again next time.
            return false;
        }
    }

    private bool WasSeen(MoveReport move) => _entries.Any(e =>
        e.Bucket == move.Bucket && e.Base == move.Base && e.To == move.To && (e.At - move.At).Duration() < Overlap);

    // The latest first, as they come.
    private void Prepend(MoveReport[] moves, DateTimeOffset since)
    {
        var id = 0L;
        var room = Limit - _entries.Count;
        // What it saw itself has filled it already, and may have pushed some out: further back there is a gap.
        if (room <= 0)
            return;
        if (moves.Length > room)
        {
            moves = moves[..room];
            since = moves[^1].At;
        }
        foreach (var move in moves)
            _entries.AddFirst(Happening.Past(move).ToEntry(id--, move.At));
        if (since < _since)
            _since = since;
    }
}
