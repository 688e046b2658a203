namespace BucketProxy.Forwarder.Transport;

/// <summary>Settings of the loop transport.</summary>
public sealed class LoopTransportOptions
{
    /// <summary>
    /// A client that takes nothing of what it is sent for so long is cut off; up to twice as long may pass. Above 0, 1 day at most. Default 300 s.
    /// Higher: clients that do not read hold memory longer. Lower: clients on bad links are cut.
    /// </summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>Throws when a setting cannot work.</summary>
    /// <exception cref="ArgumentException">The message names the setting, its value and what is allowed.</exception>
    internal void ThrowIfInvalid()
    {
        if (StallTimeout <= TimeSpan.Zero || StallTimeout > TimeSpan.FromDays(1))
            throw new ArgumentException($"{nameof(StallTimeout)}: {StallTimeout} is out of range; allowed are more than 0 s to 1 day.");
    }
}
