using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Unicode;
using BucketProxy.Cluster.Store;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Watching;
using Microsoft.Extensions.Logging;
using WatchEvent = BucketProxy.Cluster.Store.WatchEvent;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Makes the seam's entries of etcd's. A key that is no text cannot be SeaTable's or ours: it is reported once, and left out.</summary>
internal sealed class EntryReader(ILogger logger)
{
    private readonly ConcurrentDictionary<EtcdBytes, bool> _reported = new();

    /// <summary>Several ranges' keys as one list: each once, in ordinal order (etcd's own order, by bytes, differs beyond U+FFFF).</summary>
    public IReadOnlyList<StoreEntry> Merge(IEnumerable<ImmutableArray<KeyValue>> ranges)
    {
        var entries = new SortedDictionary<string, StoreEntry>(StringComparer.Ordinal);
        foreach (var kv in ranges.SelectMany(range => range))
        {
            if (Key(kv) is { } key)
                entries[key] = Entry(key, kv);
        }
        return [.. entries.Values];
    }

    /// <summary>Those of the changes that are under one of the prefixes.</summary>
    public IReadOnlyList<WatchEvent> Events(ImmutableArray<BucketProxy.Etcd.Watching.WatchEvent> changes, IReadOnlyList<string> prefixes)
    {
        var events = new List<WatchEvent>(changes.Length);
        foreach (var change in changes)
        {
            if (Key(change.KeyValue) is not { } key || !prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal)))
                continue;
            var entry = change.Kind == WatchEventKind.Put ? Entry(key, change.KeyValue) : null;
            events.Add(new WatchEvent(key, change.KeyValue.ModRevision, entry));
        }
        return events;
    }

    private static StoreEntry Entry(string key, KeyValue kv) =>
        new(key, kv.Value.Memory, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);

    private string? Key(KeyValue kv)
    {
        if (Utf8.IsValid(kv.Key.Span))
            return kv.Key.ToString();
        if (_reported.TryAdd(kv.Key, true))
            Log.KeyIsNoText(logger, Convert.ToHexString(kv.Key.Span), kv.ModRevision);
        return null;
    }
}
