using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Holding;

/// <summary>
/// One request's stay in the hold, from the first time it finds no open owner to its answer. It keeps its place in the order of
/// arrival also when it has to wait again (the owner moved on, or refused the connection).
/// </summary>
internal sealed class HeldRequest(BaseId id, long ticket, long since, bool isMarked = false)
{
    public BaseId BaseId => id;

    /// <summary>It is at a gate, and another proxy or gate sent it: it waits only for what is the gate's own.</summary>
    public bool IsMarked => isMarked;

    /// <summary>Its place in the order of arrival.</summary>
    public long Ticket => ticket;

    /// <summary>Timestamp of its arrival in the hold.</summary>
    public long Since => since;

    /// <summary>Completed when the present wait is over. Guarded by its queue's lock until then.</summary>
    public TaskCompletionSource<HoldOutcome> Wait { get; set; } = NewWait();

    public LinkedListNode<HeldRequest>? Place { get; set; }

    public bool IsParked { get; set; }

    public static TaskCompletionSource<HoldOutcome> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The right of a released request to be under way while others still wait behind it. Given back once: when its node answers, when
/// it ends, or when it must wait again.
/// </summary>
internal sealed class ReleaseSlot(HoldQueue queue)
{
    private int _returned;

    public void Return()
    {
        if (Interlocked.Exchange(ref _returned, 1) == 0)
            queue.SlotReturned();
    }
}
