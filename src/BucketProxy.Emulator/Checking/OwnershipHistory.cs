using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Bases;

namespace BucketProxy.Emulator.Checking;

/// <summary>
/// Who owned what, and since when: the checker's independent witness (from <c>assign-xx</c>, from a configuration, from the test itself).
/// Entries may come in any order. Thread-safe.
/// </summary>
public sealed class OwnershipHistory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Bucket, List<Change>> _buckets = [];
    private readonly SortedDictionary<BasePrefix, List<Change>> _pins = [];

    /// <summary>From <paramref name="at"/> on the bucket belongs to the node, or to nobody (null).</summary>
    public void SetBucket(Bucket bucket, string? node, DateTimeOffset at) => Set(_buckets, bucket, node, at);

    /// <summary>From <paramref name="at"/> on the bases under the pin belong to the node whatever owns their bucket, or go with their bucket again (null).</summary>
    public void SetPin(BasePrefix pin, string? node, DateTimeOffset at) => Set(_pins, pin, node, at);

    /// <summary>The base's owners one after the other; the last reaches to <see cref="DateTimeOffset.MaxValue"/>.</summary>
    internal IReadOnlyList<Ownership> OwnersOf(BaseKey key)
    {
        lock (_lock)
        {
            // The most specific pin goes first, the bucket last.
            List<List<Change>> sources = [.. _pins.Where(pin => key.IsUnder(pin.Key)).OrderByDescending(pin => pin.Key.Digits).Select(pin => pin.Value)];
            if (_buckets.TryGetValue(key.Bucket, out var ofBucket))
                sources.Add(ofBucket);
            var owners = new List<Ownership>();
            foreach (var at in sources.SelectMany(changes => changes).Select(change => change.At).Distinct().Order())
            {
                var node = sources.Select(changes => NodeAt(changes, at)).FirstOrDefault(node => node is not null);
                if (owners is [.., var last])
                {
                    if (last.Node == node)
                        continue;
                    owners[^1] = last with { Until = at };
                }
                owners.Add(new Ownership(node, at, DateTimeOffset.MaxValue));
            }
            return owners;
        }
    }

    private void Set<TKey>(IDictionary<TKey, List<Change>> all, TKey key, string? node, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (!all.TryGetValue(key, out var changes))
                all.Add(key, changes = []);
            // Of two changes at one time the later call counts.
            changes.Insert(changes.TakeWhile(change => change.At <= at).Count(), new Change(at, node));
        }
    }

    private static string? NodeAt(List<Change> changes, DateTimeOffset at) => changes.LastOrDefault(change => change.At <= at).Node;

    private readonly record struct Change(DateTimeOffset At, string? Node);
}

internal readonly record struct Ownership(string? Node, DateTimeOffset From, DateTimeOffset Until);
