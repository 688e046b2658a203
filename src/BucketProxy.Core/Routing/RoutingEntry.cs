using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Core.Routing;

/// <summary>
/// Who owns one bucket, or one pin of it, at one epoch, and how much is in flight to that owner through this very object.
/// </summary>
/// <remarks>
/// What describes the grant is immutable: whatever changes it makes a new object. The one mutable part is the in-flight
/// count, so an entry that was replaced is silent, for ever, once its count is zero and no request can find it any more.
/// </remarks>
public sealed class RoutingEntry
{
    private int _inFlight;
    private TaskCompletionSource? _silence;

    /// <summary>The bucket.</summary>
    public required Bucket Bucket { get; init; }

    /// <summary>The pin this entry is for; null for the bucket itself.</summary>
    public BasePrefix? Pin { get; init; }

    /// <summary>Whether requests may pass.</summary>
    public required EntryState State { get; init; }

    /// <summary>The owner; null only while <see cref="State"/> is <see cref="EntryState.Unassigned"/> or
    /// <see cref="EntryState.Moving"/>. At a gate an entry may be unassigned with an owner: its own, which takes nothing at the moment.</summary>
    public NodeRecord? Owner { get; init; }

    /// <summary>The epoch: mod-revision of the key that grants ownership (0 while there is none).</summary>
    public long Epoch { get; init; }

    /// <summary>Create-revision of the move that stands (0 while none does): what a silence report names.</summary>
    public long MoveRevision { get; init; }

    /// <summary>Requests and tunnels in flight to <see cref="Owner"/> through this object.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Counts one in. The caller must read the table again afterwards: see <see cref="CurrentTable.TryEnter"/>.</summary>
    internal void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>Counts one out. Call exactly once for each successful <see cref="CurrentTable.TryEnter"/>.</summary>
    public void Leave()
    {
        // Interlocked is a full fence: either this sees the waiter that WhenSilent published, or WhenSilent sees zero.
        if (Interlocked.Decrement(ref _inFlight) != 0 || Volatile.Read(ref _silence) is not { } silence)
            return;
        // S2: the zero may be older than the waiter, from when others could still enter. Who waits does so after the entry was
        // replaced, so a zero that is read after the waiter was seen is the silence meant; whoever is inside now will come by here.
        if (Volatile.Read(ref _inFlight) == 0)
            silence.TrySetResult();
    }

    /// <summary>
    /// Completes when the count is zero. Meaningful only for an entry that has been replaced in the published table:
    /// then nothing comes in flight through it any more (S2).
    /// </summary>
    public Task WhenSilent()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var silence = Interlocked.CompareExchange(ref _silence, mine, null) ?? mine;
        if (Volatile.Read(ref _inFlight) == 0)
            silence.TrySetResult();
        return silence.Task;
    }

    /// <summary>Whether <paramref name="other"/> describes the same grant, so that the object (and its count) can stay.
    /// Of the owner, its id, address, gate and incarnation count: a registration that is only refreshed is no other grant.</summary>
    public bool DescribesSameAs(RoutingEntry other) =>
        Bucket == other.Bucket && Pin == other.Pin && State == other.State && Epoch == other.Epoch
        && MoveRevision == other.MoveRevision
        && Owner?.Id == other.Owner?.Id && Equals(Owner?.LocalUrl, other.Owner?.LocalUrl)
        && Owner?.Gate == other.Owner?.Gate && Owner?.Incarnation == other.Owner?.Incarnation;
}
