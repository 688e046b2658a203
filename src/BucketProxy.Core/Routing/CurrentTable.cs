using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Routing;

/// <summary>
/// The one place where the published <see cref="RoutingTable"/> stands. Many read it, one writer publishes.
/// </summary>
public sealed class CurrentTable
{
    private readonly Lock _publishing = new();
    private RoutingTable _table = RoutingTable.Empty;

    /// <summary>The published table.</summary>
    public RoutingTable Table => Volatile.Read(ref _table);

    /// <summary>
    /// Called after each publication with the table before and the new one, on the publisher's thread, in the order of
    /// publication. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<RoutingTable, RoutingTable>? Published;

    /// <summary>
    /// Finds the entry for <paramref name="id"/> and, when it is open, counts the caller in flight.
    /// </summary>
    /// <returns>True: the entry is open, the caller is counted and must call <see cref="RoutingEntry.Leave"/> once.
    /// False: the entry is not open and nothing was counted.</returns>
    public bool TryEnter(BaseId id, out RoutingEntry entry)
    {
        var table = Volatile.Read(ref _table);
        while (true)
        {
            entry = table.Find(id);
            if (entry.State != EntryState.Open)
                return false;
            entry.Enter();
            // S2: count first, then read the table again. Whoever replaced the entry published before it read the count,
            // so either it sees us counted, or we see its table here and step back.
            var again = Volatile.Read(ref _table);
            if (ReferenceEquals(again, table) || ReferenceEquals(again.Find(id), entry))
                return true;
            entry.Leave();
            table = again;
        }
    }

    /// <summary>
    /// Publishes <paramref name="next"/>. When this returns, no request comes in flight through an entry that
    /// <paramref name="next"/> does not hold.
    /// </summary>
    public void Publish(RoutingTable next)
    {
        ArgumentNullException.ThrowIfNull(next);
        lock (_publishing)
        {
            // A full fence, not a volatile write: the publisher reads in-flight counts next, and a volatile write may be
            // reordered with a read that follows it.
            var before = Interlocked.Exchange(ref _table, next);
            Published?.Invoke(before, next);
        }
    }
}
