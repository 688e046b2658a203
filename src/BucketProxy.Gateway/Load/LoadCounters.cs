using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Load;

/// <summary>
/// Counts per bucket and watches the hottest bases. Called for every request: two additions, and every sixteenth time a look into
/// a small table that is skipped rather than waited for.
/// </summary>
internal sealed class LoadCounters(TimeProvider time, int hottestBases)
{
    private const int SampleEvery = 16;
    private readonly Lock _hotLock = new();
    private readonly long[] _requests = new long[Bucket.Count];
    private readonly long[] _bytes = new long[Bucket.Count];
    private readonly long[] _requestsTaken = new long[Bucket.Count];
    private readonly long[] _bytesTaken = new long[Bucket.Count];
    private readonly SpaceSaving _hot = new(hottestBases * 4);
    private long _since = time.GetTimestamp();

    public void Count(BaseId id, long bytes)
    {
        var index = id.Bucket.Index;
        var requests = Interlocked.Increment(ref _requests[index]);
        if (bytes > 0)
            Interlocked.Add(ref _bytes[index], bytes);
        // Which of sixteen is sampled must not depend on the order in which bases take turns: mix the count.
        if (((uint)requests * 2654435769u) >> 28 != 0 || !_hotLock.TryEnter())
            return;
        try
        {
            _hot.Add(id, SampleEvery);
        }
        finally
        {
            _hotLock.Exit();
        }
    }

    /// <summary>All requests of a bucket that ever ended.</summary>
    public long Requests(Bucket bucket) => Volatile.Read(ref _requests[bucket.Index]);

    /// <summary>All bytes of a bucket.</summary>
    public long Bytes(Bucket bucket) => Volatile.Read(ref _bytes[bucket.Index]);

    public void CountBytes(BaseId id, long bytes) => Interlocked.Add(ref _bytes[id.Bucket.Index], bytes);

    /// <summary>What was counted since the last call. One caller at a time.</summary>
    public LoadSample Take(Func<Bucket, int> openTunnels)
    {
        var now = time.GetTimestamp();
        var window = time.GetElapsedTime(_since, now);
        _since = now;
        var buckets = new List<BucketSample>();
        foreach (var bucket in Bucket.All)
        {
            var requests = Since(_requestsTaken, bucket, Requests(bucket));
            var bytes = Since(_bytesTaken, bucket, Bytes(bucket));
            var sockets = openTunnels(bucket);
            if (requests != 0 || bytes != 0 || sockets != 0)
                buckets.Add(new BucketSample(bucket, requests, bytes, sockets));
        }
        lock (_hotLock)
            return new LoadSample(window, buckets, _hot.TakeTop(hottestBases));
    }

    private static long Since(long[] taken, Bucket bucket, long now)
    {
        var since = now - taken[bucket.Index];
        taken[bucket.Index] = now;
        return since;
    }
}
