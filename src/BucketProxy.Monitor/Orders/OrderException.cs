namespace BucketProxy.Monitor.Orders;

/// <summary>Why an order is not taken.</summary>
public enum OrderError
{
    /// <summary>It is about something that is not there.</summary>
    NotFound,

    /// <summary>What it says cannot be.</summary>
    Invalid,

    /// <summary>It cannot be carried out as things stand.</summary>
    Refused,

    /// <summary>It was previewed, and something has changed since.</summary>
    Changed,

    /// <summary>The store does not answer. The order may have been taken all the same; giving it again does no harm.</summary>
    StoreAway,
}

/// <summary>An order that is not taken; the message says why, and what to do.</summary>
public sealed class OrderException(OrderError error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public OrderError Error { get; } = error;
}
