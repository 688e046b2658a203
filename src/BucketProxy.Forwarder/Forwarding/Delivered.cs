namespace BucketProxy.Forwarder.Forwarding;

/// <summary>How the delivery of a request ended.</summary>
internal enum Delivered
{
    /// <summary>The destination's answer is there: its head, or all of it.</summary>
    Answered,

    /// <summary>No connection could be made, nothing was sent: the caller may have it sent again.</summary>
    Unreachable,

    /// <summary>The destination refused it by the terms of the request, and took nothing: the caller may have it sent again.</summary>
    Refused,

    /// <summary>The client went away, or the caller's token was cancelled.</summary>
    Cancelled,

    /// <summary>Nothing moved for the activity timeout.</summary>
    Expired,

    /// <summary>The request cannot be written in HTTP/1.1; not a byte was sent.</summary>
    RequestMalformed,

    /// <summary>The client's body cannot be read to its end; see <see cref="Delivery.RequestFault"/>.</summary>
    RequestBroke,

    /// <summary>The destination broke off, or its answer is malformed.</summary>
    DestinationBroke,

    /// <summary>The client does not take the rest of its answer.</summary>
    ClientBroke,

    /// <summary>A transform of the answer failed, or the server does not take what it says.</summary>
    AnswerNotTaken,
}
