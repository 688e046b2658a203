using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Holding;

/// <summary>How many may be held, for what, and how many are.</summary>
internal sealed class HoldLimits(GatewayOptions options)
{
    private int _held;

    public int PerBucket => options.HoldPerBucket;

    public int ReleaseAtOnce => options.ReleaseAtOnce;

    public TimeSpan HoldTime => options.HoldTime;

    /// <summary>Whether some may end their wait because the base is another node's.</summary>
    public bool IsGate => options.Gate is not null;

    /// <summary>What a request waits for, by its base's entry.</summary>
    public Verdict Judge(RoutingEntry entry, HeldRequest request) =>
        options.Gate is { } gate ? gate.Judge(entry, request.IsMarked) : entry.State == EntryState.Open ? Verdict.Send : Verdict.Hold;

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
