using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.Admission;

/// <summary>
/// Makes the data port a gate's: the only way to one server. Requests that its own node owns are admitted to that server while the gate's lease is valid (G1); for the rest it is a
/// proxy, but that it answers another proxy, or gate, 421 in place of forwarding.
/// </summary>
public sealed record GateAdmission
{
    /// <summary>The id of the gate's own node.</summary>
    public required string NodeId { get; init; }

    /// <summary>Where the gate, and nobody else, reaches the server.</summary>
    public required Uri Server { get; init; }

    /// <summary>
    /// Whether the gate's lease is valid now, by its own clock. Asked for each request, on the thread that carries it, and with a lock held: a comparison with the clock, which must not
    /// throw. Once it has said no it says yes again only together with the publication of a table.
    /// </summary>
    public required Func<bool> LeaseIsValid { get; init; }

    /// <summary>Whether the server behind the gate answered when it was last asked: what the gate's own <c>/ping/</c> says.</summary>
    public Func<bool> ServerAnswers { get; init; } = static () => true;

    /// <summary>What becomes of a request that goes by an entry.</summary>
    /// <param name="entry">The entry. For <see cref="Verdict.Send"/> to be true it must have been entered before.</param>
    /// <param name="isMarked">Another proxy, or gate, sent it.</param>
    internal Verdict Judge(RoutingEntry entry, bool isMarked)
    {
        var isOwn = entry.Owner?.Id == NodeId;
        if (isOwn && entry.State != EntryState.Moving && LeaseIsValid())
        {
            // G2: an owner without a run of the server is the gate itself, as others see it.
            return entry is { State: EntryState.Open, Owner.Incarnation: not null } ? Verdict.Send : Verdict.Hold;
        }
        return isMarked ? Verdict.Misdirected : !isOwn && entry.State == EntryState.Open ? Verdict.Send : Verdict.Hold;
    }
}
