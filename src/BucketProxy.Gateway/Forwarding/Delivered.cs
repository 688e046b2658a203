namespace BucketProxy.Gateway.Forwarding;

/// <summary>How the delivery of a request ended.</summary>
internal enum Delivered
{
    /// <summary>The node's answer is there: its head, or all of it.</summary>
    Answered,

    /// <summary>No connection could be made, nothing was sent: the only end after which the caller may have it sent again (S4).</summary>
    Unreachable,

    /// <summary>The client went away, or a move cut it.</summary>
    Cancelled,

    /// <summary>Nothing moved for the idle timeout.</summary>
    Expired,

    /// <summary>The client's request cannot be passed on as it is; see <see cref="Delivery.RequestFault"/>.</summary>
    RequestBroke,

    /// <summary>The node broke off, or its answer is malformed.</summary>
    NodeBroke,
}
