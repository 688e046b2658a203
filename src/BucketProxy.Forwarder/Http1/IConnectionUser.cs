namespace BucketProxy.Forwarder.Http1;

/// <summary>Whoever an exchange on a connection is for.</summary>
internal interface IConnectionUser
{
    /// <summary>How long nothing may move, in milliseconds; <see cref="int.MaxValue"/> for ever.</summary>
    int Patience { get; }

    /// <summary>Nothing has moved on <paramref name="connection"/> for longer than that. Called from the clock's timer, maybe more than once, maybe
    /// when it serves somebody else already.</summary>
    void Expire(DestinationConnection connection);
}
