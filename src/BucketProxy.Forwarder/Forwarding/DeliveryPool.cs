namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Deliveries that are not in use: a request makes none of its own. Each thread has a few, so nobody waits for anybody.</summary>
internal static class DeliveryPool
{
    private const int Most = 32;
    [ThreadStatic]
    private static Stack<Delivery>? _mine;

    public static Delivery Take() => _mine is { } mine && mine.TryPop(out var delivery) ? delivery : new Delivery();

    /// <param name="delivery">Has ended.</param>
    public static void Return(Delivery delivery)
    {
        delivery.Reset();
        var mine = _mine ??= new Stack<Delivery>(Most);
        if (mine.Count < Most)
            mine.Push(delivery);
    }
}
