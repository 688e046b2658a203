using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Holding;

/// <summary>How many may be held, and how many are.</summary>
internal sealed class HoldLimits(GatewayOptions options)
{
    private int _held;

    public int PerBucket => options.HoldPerBucket;

    public int ReleaseAtOnce => options.ReleaseAtOnce;

    public TimeSpan HoldTime => options.HoldTime;

    /// <summary>Requests held now, by the whole proxy.</summary>
    public int Held => Volatile.Read(ref _held);

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _held) <= options.HoldTotal)
            return true;
        Interlocked.Decrement(ref _held);
        return false;
    }

    public void Give() => Interlocked.Decrement(ref _held);
}
