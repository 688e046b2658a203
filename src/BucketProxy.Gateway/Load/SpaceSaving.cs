using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Load;

/// <summary>
/// The most frequent bases of a stream, in bounded memory (Metwally, Agrawal, El Abbadi: space-saving). A base that makes more than
/// one part in <paramref name="capacity"/> of the stream is in it for certain; a count is too high by at most the smallest one.
/// Not thread-safe.
/// </summary>
internal sealed class SpaceSaving(int capacity)
{
    private readonly Dictionary<BaseId, (long Count, long Over)> _counts = new(capacity);

    public void Add(BaseId id, long weight)
    {
        if (_counts.TryGetValue(id, out var known))
        {
            _counts[id] = (known.Count + weight, known.Over);
            return;
        }
        if (_counts.Count < capacity)
        {
            _counts[id] = (weight, 0);
            return;
        }
        var least = default(BaseId);
        var smallest = long.MaxValue;
        foreach (var (candidate, entry) in _counts)
        {
            if (entry.Count < smallest)
                (least, smallest) = (candidate, entry.Count);
        }
        _counts.Remove(least);
        _counts[id] = (smallest + weight, smallest);
    }

    /// <summary>The busiest, by what they made for certain, and starts anew.</summary>
    public IReadOnlyList<BaseSample> TakeTop(int count)
    {
        var top = _counts
            .Select(c => new BaseSample(c.Key, c.Value.Count - c.Value.Over))
            .OrderByDescending(s => s.Requests).ThenBy(s => s.Base)
            .Take(count).ToList();
        _counts.Clear();
        return top;
    }
}
