using System.Runtime.CompilerServices;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using static BucketProxy.Core.Tests.Bases.BaseTestData;

namespace BucketProxy.Core.Tests.Routing;

/// <summary>What the race leaves out, to prove that it can be lost.</summary>
internal enum RaceMutation
{
    None,
    EnterDoesNotReadTheTableAgain,
}

/// <summary>
/// One thread swaps tables, others enter and leave. When an entry has been replaced and is silent, its ledger is closed; a
/// worker that is inside an entry with a closed ledger went in after silence (S2 is broken).
/// </summary>
internal sealed class SilenceRace(CurrentTable current, RaceMutation mutation = RaceMutation.None)
{
    private sealed class Ledger
    {
        public int Closed;
        public int Late;
    }

    private static readonly RoutingEntry[] Others =
        [.. Bucket.All.Select(b => new RoutingEntry { Bucket = b, State = EntryState.Open })];

    private readonly ConditionalWeakTable<RoutingEntry, Ledger> _ledgers = [];
    private long _entered;
    private volatile bool _stop;

    public long Entered => Volatile.Read(ref _entered);

    /// <returns>How many came in flight through a silent entry.</returns>
    public async Task<int> RunAsync(int swaps)
    {
        const int Workers = 3;
        var ledgers = new List<Ledger>();
        var entry = MakeEntry(0);
        current.Publish(TableOf(entry));
        var started = new TaskCompletionSource[Workers];
        var workers = new Task[Workers];
        for (var i = 0; i < Workers; i++)
        {
            var ready = started[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            workers[i] = Task.Factory.StartNew(
                () => Work(ready), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        await Task.WhenAll(started.Select(s => s.Task));
        for (var revision = 1; revision <= swaps; revision++)
        {
            var old = entry;
            entry = MakeEntry(revision);
            current.Publish(TableOf(entry));
            await old.WhenSilent();
            // From here on the proxy has reported silence, and the old owner may have let go.
            var ledger = _ledgers.GetOrCreateValue(old);
            Volatile.Write(ref ledger.Closed, 1);
            ledgers.Add(ledger);
        }
        _stop = true;
        await Task.WhenAll(workers);
        return ledgers.Sum(l => l.Late);
    }

    private void Work(TaskCompletionSource ready)
    {
        ready.SetResult();
        while (!_stop)
        {
            if (!TryEnter(out var entry))
                continue;
            var ledger = _ledgers.GetOrCreateValue(entry);
            if (Volatile.Read(ref ledger.Closed) != 0)
                Interlocked.Increment(ref ledger.Late);
            entry.Leave();
            Interlocked.Increment(ref _entered);
        }
    }

    private bool TryEnter(out RoutingEntry entry)
    {
        if (mutation == RaceMutation.None)
            return current.TryEnter(Id, out entry);
        entry = current.Table.Find(Id);
        entry.Enter();
        return true;
    }

    private static RoutingEntry MakeEntry(long revision) =>
        new() { Bucket = Id.Bucket, State = EntryState.Open, Epoch = revision };

    private static RoutingTable TableOf(RoutingEntry entry) =>
        new(1, entry.Epoch, [.. Others.Select(o => o.Bucket == entry.Bucket ? entry : o)], [], []);
}
