using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.InFlight;

/// <summary>
/// Something that lasts, and that a move closes instead of waiting for: a websocket, or a long poll whose answer has not begun.
/// It remembers the grant it goes by, and is no longer counted in the entry's in-flight count once it is registered with
/// <see cref="Traffic"/>: an entry object may be replaced while bases that do not move go on.
/// </summary>
internal abstract class TrackedTunnel(BaseId baseId, RoutingEntry entry)
{
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BaseId BaseId => baseId;

    /// <summary>The entry that let it pass.</summary>
    public RoutingEntry Entry => entry;

    /// <summary>What it is, for people.</summary>
    public abstract string Kind { get; }

    /// <summary>Completes when nothing of it goes to the node any more.</summary>
    public Task Silent => _silent.Task;

    /// <summary>Begins to close it. Quick, may be called again, from any thread.</summary>
    public abstract void Close(TunnelClose reason);

    /// <summary>
    /// Whether <paramref name="now"/>, which its base goes by now, is still the grant that it was opened under. An owner that
    /// is gone without a successor changes nothing: the tunnel ends when the owner does.
    /// </summary>
    public bool StandsUnder(RoutingEntry now)
    {
        if (ReferenceEquals(now, entry))
            return true;
        // G2: at a gate, the owner's run is about to end, or is another one.
        if (now.Owner?.Incarnation is { } run && (now.State == EntryState.Unassigned || run != entry.Owner?.Incarnation))
            return false;
        if (now.State == EntryState.Unassigned)
            return true;
        if (now.State == EntryState.Moving || !string.Equals(now.Owner?.Id, entry.Owner?.Id, StringComparison.Ordinal))
            return false;
        // The same owner at another epoch of the same key had lost it in between. A pin made for the present owner is another key.
        return now.Pin != entry.Pin || now.Epoch == entry.Epoch;
    }

    internal void FellSilent() => _silent.TrySetResult();
}

/// <summary>Why a tunnel is closed.</summary>
internal enum TunnelClose
{
    /// <summary>Its base moves.</summary>
    Move,

    /// <summary>The proxy stops.</summary>
    Drain,

    /// <summary>The proxy must fall silent at once.</summary>
    Cut,
}
