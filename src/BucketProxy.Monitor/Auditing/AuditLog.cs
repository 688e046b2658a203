using System.Globalization;
using System.Text.Json;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Auditing;

/// <summary>Reads the audit records, the latest first.</summary>
/// <param name="store">The store.</param>
/// <param name="keys">How keys are spelled.</param>
/// <param name="retention">How far back there can be any.</param>
/// <param name="time">The clock.</param>
public sealed class AuditLog(IClusterStore store, KeySchema keys, TimeSpan retention, TimeProvider time)
{
    // Ids begin with 15 digits of milliseconds; the first seven of them are a stretch of 27.8 hours.
    private const int StretchDigits = 7;
    private const long Stretch = 100_000_000;

    // The first nine: 16.7 minutes.
    private const int ShortStretchDigits = 9;
    private const long ShortStretch = 1_000_000;

    /// <summary>The last <paramref name="count"/> records that are wanted.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="wanted">Which; null: all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">The store does not answer.</exception>
    public async Task<IReadOnlyList<AuditRecord>> LastAsync(
        int count, Func<AuditRecord, bool>? wanted, CancellationToken cancellationToken)
    {
        var found = new List<AuditRecord>();
        var now = time.GetUtcNow();
        // One stretch ahead too: another instance's clock may be ahead of this one's.
        var last = (now - retention).ToUnixTimeMilliseconds() / Stretch;
        for (var stretch = now.ToUnixTimeMilliseconds() / Stretch + 1; stretch >= last && found.Count < count; stretch--)
        {
            var prefix = keys.Audits + stretch.ToString("D" + StretchDigits, CultureInfo.InvariantCulture);
            var snapshot = await store.ReadAsync([prefix], ReadConsistency.Linearizable, cancellationToken);
            foreach (var entry in snapshot.Entries.Reverse())
            {
                if (found.Count < count && TryRead(entry) is { } record && (wanted is null || wanted(record)))
                    found.Add(record);
            }
        }
        return found;
    }

    /// <summary>Moves that ended: <c>move</c> and <c>abort</c>.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="order">Only those of this order; null: all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<AuditRecord>> LastMovesAsync(int count, string? order, CancellationToken cancellationToken) =>
        LastAsync(count, r => r.What is AuditRecord.Move or AuditRecord.Abort && (order is null || r.Order == order), cancellationToken);

    /// <summary>Moves that ended since a time, the latest first: one read of what little may be that young.</summary>
    /// <param name="since">From when on; a few hours back at most, since every quarter of an hour is a prefix of its own.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">The store does not answer.</exception>
    public async Task<IReadOnlyList<AuditRecord>> MovesSinceAsync(DateTimeOffset since, int count, CancellationToken cancellationToken)
    {
        // One ahead too: another instance's clock may be ahead of this one's.
        var last = time.GetUtcNow().ToUnixTimeMilliseconds() / ShortStretch + 1;
        var prefixes = new List<string>();
        for (var stretch = since.ToUnixTimeMilliseconds() / ShortStretch; stretch <= last; stretch++)
            prefixes.Add(keys.Audits + stretch.ToString("D" + ShortStretchDigits, CultureInfo.InvariantCulture));
        var snapshot = await store.ReadAsync(prefixes, ReadConsistency.Linearizable, cancellationToken);
        return
        [
            .. snapshot.Entries.OrderByDescending(e => e.Key, StringComparer.Ordinal)
                .Select(TryRead).OfType<AuditRecord>()
                .Where(r => r.What is AuditRecord.Move or AuditRecord.Abort && r.At >= since)
                .Take(count),
        ];
    }

    private static AuditRecord? TryRead(StoreEntry entry)
    {
        try
        {
            return RecordJson.Read<AuditRecord>(entry.Value.Span);
        }
        catch (JsonException)
        {
            // Of another version, or not ours. One record that cannot be shown must not hide the others.
            return null;
        }
    }
}
