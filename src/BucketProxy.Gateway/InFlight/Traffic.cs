using System.Globalization;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Load;

namespace BucketProxy.Gateway.InFlight;

/// <summary>
/// What is in flight through this proxy, and when it has ended: the ground on which a proxy reports silence (S2).
/// </summary>
/// <remarks>
/// Make it before anything else subscribes to the same <see cref="CurrentTable"/>: handlers run in the order of subscription, and
/// whoever asks for silence after a publication must ask after this class saw it.
/// <code>
///   plain request    counted in the RoutingEntry that let it pass, from TryEnter to its end
///   replaced entry   kept here while its count is not zero; nothing new comes in flight through it
///   websocket, poll  counted in the entry through the handshake, then registered here with base, owner and epoch
/// </code>
/// </remarks>
public sealed class Traffic
{
    private readonly CurrentTable _current;
    private readonly BucketTraffic[] _buckets = [.. Bucket.All.Select(_ => new BucketTraffic())];
    private RoutingTable _seen;
    private int _tunnels;
    private volatile bool _refusesTunnels;

    /// <summary>Makes the registry and begins to follow the table.</summary>
    /// <param name="current">The published table.</param>
    /// <param name="time">Measures the windows of load samples.</param>
    /// <param name="hottestBases">How many bases a load sample names.</param>
    public Traffic(CurrentTable current, TimeProvider time, int hottestBases = 20)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(time);
        _current = current;
        _seen = current.Table;
        Load = new LoadCounters(time, hottestBases);
        current.Published += OnPublished;
    }

    /// <summary>Tunnels that are open now.</summary>
    public int OpenTunnels => Volatile.Read(ref _tunnels);

    /// <summary>Plain requests in flight now. A sum of moving counts: for people and for draining, not for decisions on moves.</summary>
    public int PlainRequests
    {
        get
        {
            var table = _current.Table;
            var sum = 0;
            foreach (var bucket in table.Buckets)
                sum += bucket.InFlight;
            foreach (var pin in table.Pins)
                sum += pin.InFlight;
            foreach (var bucket in _buckets)
            {
                foreach (var entry in bucket.Retired())
                    sum += entry.InFlight;
            }
            return sum;
        }
    }

    internal LoadCounters Load { get; }

    /// <summary>Takes what was counted since the last call. One caller at a time.</summary>
    public LoadSample TakeSample() => Load.Take(bucket => _buckets[bucket.Index].Tunnels);

    /// <summary>
    /// Whether nothing of the moving scope is, or comes, in flight to its owner before the move (S2): no plain request of the
    /// bucket is left on an entry that was replaced, and no tunnel of the scope is open.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="pin">The pin that moves; null: all bases of the bucket that go by its own entry.</param>
    /// <returns>False also while the scope's entry is open: then no move stands in the published table.</returns>
    public bool IsSilent(Bucket bucket, BasePrefix? pin)
    {
        // S2: between the moment a table is published and the moment its replaced entries are noted here, nobody knows.
        var table = Volatile.Read(ref _seen);
        return ReferenceEquals(table, _current.Table)
            && ScopeIsClosed(table, bucket, pin)
            && _buckets[bucket.Index].Retired().Length == 0
            && TunnelsOf(table, bucket, pin).Length == 0;
    }

    /// <summary>
    /// Completes once <see cref="IsSilent"/>. Call it after the table in which the scope is closed was published.
    /// </summary>
    /// <exception cref="InvalidOperationException">The scope's entry is open in the published table, now or while waiting:
    /// silence cannot come, because requests may pass.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task WhenSilentAsync(Bucket bucket, BasePrefix? pin, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var table = Volatile.Read(ref _seen);
            if (!ReferenceEquals(table, _current.Table))
            {
                // Another thread is in the middle of publishing.
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
                continue;
            }
            if (!ScopeIsClosed(table, bucket, pin))
                throw new InvalidOperationException($"Bucket {bucket} is open at revision {table.Revision}: no move stands.");
            // S2: plain requests first, tunnels second. A handshake is counted in its entry until its tunnel is registered, so
            // whatever the first look misses the second one finds.
            if (_buckets[bucket.Index].Retired() is [var entry, ..])
            {
                await entry.WhenSilent().WaitAsync(cancellationToken);
                continue;
            }
            if (TunnelsOf(table, bucket, pin) is [var tunnel, ..])
            {
                await tunnel.Silent.WaitAsync(cancellationToken);
                continue;
            }
            return;
        }
    }

    /// <summary>
    /// Completes when nothing is in flight to a run of the gate's own server any more. Call it after a table was published that admits
    /// nothing to it.
    /// </summary>
    /// <param name="incarnation">The run.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task WhenRunIsSilentAsync(string incarnation, CancellationToken cancellationToken = default)
    {
        while (!ReferenceEquals(Volatile.Read(ref _seen), _current.Table))
        {
            // Another thread is in the middle of publishing.
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        foreach (var bucket in _buckets)
        {
            // As in WhenSilentAsync: plain requests first, tunnels second.
            foreach (var entry in bucket.Retired())
            {
                if (entry.Owner?.Incarnation == incarnation)
                    await entry.WhenSilent().WaitAsync(cancellationToken);
            }
            foreach (var tunnel in bucket.Where(t => t.Entry.Owner?.Incarnation == incarnation))
                await tunnel.Silent.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What keeps the scope from falling silent, in one line for people; null when nothing does.</summary>
    public string? BusyWith(Bucket bucket, BasePrefix? pin)
    {
        var table = _current.Table;
        var parts = new List<string>();
        foreach (var retired in _buckets[bucket.Index].Retired().GroupBy(e => e.Owner?.Id ?? "?"))
            parts.Add(Text($"{retired.Sum(e => e.InFlight)} running requests to {retired.Key}"));
        foreach (var kind in TunnelsOf(table, bucket, pin).GroupBy(t => (t.Kind, Owner: t.Entry.Owner?.Id ?? "?")))
        {
            var bases = kind.Select(t => t.BaseId).Distinct().ToList();
            var names = string.Join(", ", bases.Take(3)) + (bases.Count > 3 ? Text($" and {bases.Count - 3} more") : "");
            parts.Add(Text($"{kind.Count()} {kind.Key.Kind}s to {kind.Key.Owner} (bases {names})"));
        }
        if (parts.Count == 0 && !ScopeIsClosed(table, bucket, pin))
            parts.Add(Text($"open at revision {table.Revision}"));
        return parts.Count == 0 ? null : string.Join("; ", parts);

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Registers a tunnel that was let pass through its entry. False: it stands under no grant any more and must not go on; nothing
    /// was registered. Only after this may the caller leave the entry.
    /// </summary>
    internal bool TryOpen(TrackedTunnel tunnel)
    {
        var bucket = _buckets[tunnel.BaseId.Bucket.Index];
        bucket.Add(tunnel);
        Interlocked.Increment(ref _tunnels);
        // S2: register first, then read the table again. Whoever publishes a move looks for tunnels afterwards, so either it finds
        // this one, or we see its table here.
        if (!_refusesTunnels && tunnel.StandsUnder(_current.Table.Find(tunnel.BaseId)))
            return true;
        FellSilent(tunnel);
        return false;
    }

    /// <summary>Nothing of the tunnel goes to the node any more. May be called again.</summary>
    internal void FellSilent(TrackedTunnel tunnel)
    {
        if (!_buckets[tunnel.BaseId.Bucket.Index].Remove(tunnel))
            return;
        Interlocked.Decrement(ref _tunnels);
        tunnel.FellSilent();
    }

    /// <summary>Completes when no plain request is left on the entries of the bucket that were replaced so far.</summary>
    internal async Task WhenPlainSilentAsync(Bucket bucket, CancellationToken cancellationToken)
    {
        foreach (var entry in _buckets[bucket.Index].Retired())
            await entry.WhenSilent().WaitAsync(cancellationToken);
    }

    /// <summary>Closes every tunnel, and lets none open from here on when <paramref name="forGood"/>.</summary>
    internal void CloseAll(TunnelClose reason, bool forGood)
    {
        _refusesTunnels |= forGood;
        foreach (var bucket in _buckets)
        {
            foreach (var tunnel in bucket.Where(static _ => true))
                tunnel.Close(reason);
        }
    }

    /// <summary>Stops following the table.</summary>
    internal void Detach() => _current.Published -= OnPublished;

    private static bool ScopeIsClosed(RoutingTable table, Bucket bucket, BasePrefix? pin)
    {
        if (pin is null)
            return table[bucket].State != EntryState.Open;
        foreach (var entry in table.Pins)
        {
            if (entry.Pin == pin)
                return entry.State != EntryState.Open;
        }
        // The pin has no entry of its own (yet, or any more): its bases go by a wider pin or by the bucket.
        foreach (var entry in table.Pins)
        {
            if (entry.Pin!.Value.Covers(pin.Value) && entry.State == EntryState.Open)
                return false;
        }
        return table[bucket].State != EntryState.Open;
    }

    private TrackedTunnel[] TunnelsOf(RoutingTable table, Bucket bucket, BasePrefix? pin) =>
        _buckets[bucket.Index].Where(t => table.Find(t.BaseId) is { } now && (now.Pin == pin || !t.StandsUnder(now)));

    private void OnPublished(RoutingTable before, RoutingTable after)
    {
        var changed = Note(before, after);
        Volatile.Write(ref _seen, after);
        foreach (var index in changed)
        {
            foreach (var tunnel in _buckets[index].Where(t => !t.StandsUnder(after.Find(t.BaseId))))
                tunnel.Close(TunnelClose.Move);
        }
    }

    /// <summary>Keeps the replaced entries that are not silent yet; returns the buckets in which anything changed.</summary>
    private HashSet<byte> Note(RoutingTable before, RoutingTable after)
    {
        var changed = new HashSet<byte>();
        for (var i = 0; i < Bucket.Count; i++)
        {
            if (!ReferenceEquals(before.Buckets[i], after.Buckets[i]))
                Replaced(before.Buckets[i]);
        }
        var kept = after.Pins.ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var old in before.Pins)
        {
            if (!kept.Contains(old))
                Replaced(old);
        }
        // A pin that comes changes who owns its bases also where the bucket's own entry stayed.
        var known = before.Pins.ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var pin in after.Pins)
        {
            if (!known.Contains(pin))
                changed.Add(pin.Bucket.Index);
        }
        return changed;

        void Replaced(RoutingEntry entry)
        {
            // Published before this count is read: a zero is final (S2).
            if (entry.InFlight > 0)
                _buckets[entry.Bucket.Index].Retire(entry);
            changed.Add(entry.Bucket.Index);
        }
    }
}
