using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Planning;

/// <summary>Why a bucket or pin is to move.</summary>
public enum PlanReason
{
    /// <summary>It has no owner, or its owner is gone.</summary>
    Orphan,

    /// <summary>A pin was set, changed or taken back.</summary>
    Pin,

    /// <summary>Its owner is draining.</summary>
    Drain,

    /// <summary>Counts are evened out, or static placement says so.</summary>
    Balance,

    /// <summary>Measured load is evened out.</summary>
    Load,
}

/// <summary>One move to make.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Pin">The pin of it that moves; null: the bucket, without its granted pins.</param>
/// <param name="From">Who owns it; null or a node that is gone: nobody has to release it. The same as
/// <paramref name="To"/> when a pin is granted where its bases already are.</param>
/// <param name="To">Who shall own it.</param>
/// <param name="Reason">Why.</param>
/// <param name="EndsPin">The pin is taken back: its grant is to be deleted instead of changed.</param>
public sealed record PlannedMove(
    Bucket Bucket, BasePrefix? Pin, string? From, string To, PlanReason Reason, bool EndsPin = false);

/// <summary>A move that ought to be made and cannot.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Pin">The pin of it; null: the bucket.</param>
/// <param name="From">Who owns it, or null.</param>
/// <param name="To">Who ought to own it; null: there is nobody.</param>
/// <param name="Reason">Why it ought to move.</param>
/// <param name="Why">Why it cannot, for people.</param>
public sealed record RefusedMove(
    Bucket Bucket, BasePrefix? Pin, string? From, string? To, PlanReason Reason, string Why);

/// <summary>What to do, in the order in which it matters.</summary>
public sealed record Plan
{
    /// <summary>The moves; a bucket, and each pin, at most once.</summary>
    public required ImmutableArray<PlannedMove> Moves { get; init; }

    /// <summary>What ought to move and cannot.</summary>
    public required ImmutableArray<RefusedMove> Refused { get; init; }

    /// <summary>The input as it would be after all the moves: planned on, it asks for nothing more.</summary>
    public PlannerInput Apply(PlannerInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var owners = new Dictionary<Bucket, string>(input.Owners);
        var since = new Dictionary<Bucket, TimeSpan>(input.SinceMove);
        var pins = input.Pins.ToDictionary(p => p.Pin);
        foreach (var move in Moves)
        {
            since[move.Bucket] = TimeSpan.Zero;
            if (move.Pin is not { } pin)
            {
                owners[move.Bucket] = move.To;
            }
            else if (move.EndsPin)
            {
                pins.Remove(pin);
            }
            else
            {
                pins[pin] = pins[pin] with { Owner = move.To };
            }
        }
        return input with
        {
            Owners = owners,
            SinceMove = since,
            Pins = pins.Values,
            MovedThisRound = input.MovedThisRound + Moves.Count(m => m.Reason != PlanReason.Orphan && m.Pin is null),
        };
    }
}
