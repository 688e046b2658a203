namespace BucketProxy.Cluster.Mirror;

/// <summary>How well the mirror follows the store.</summary>
/// <param name="Connected">A watch stands and the last comparing read was answered.</param>
/// <param name="ClusterId">Identity of the store mirrored; 0 before the first snapshot.</param>
/// <param name="Revision">The revision mirrored; 0 before the first snapshot.</param>
/// <param name="Age">Since the store last confirmed the view; null before the first snapshot.</param>
/// <param name="WatchRestarts">Watches opened after the first.</param>
/// <param name="WedgedWatches">Watches closed because a read found what they had not delivered.</param>
/// <param name="NotAdopted">Why the store as it is now is not followed; null: it is.</param>
/// <param name="LastError">The last failure, or null.</param>
public sealed record MirrorStatus(
    bool Connected,
    ulong ClusterId,
    long Revision,
    TimeSpan? Age,
    long WatchRestarts,
    long WedgedWatches,
    string? NotAdopted,
    string? LastError)
{
    /// <summary>The last operator's word that the store is the right one, by id; null: there is none. With another word begins another
    /// history: revisions and epochs of two histories say nothing about each other.</summary>
    public string? Acceptance { get; init; }
}
