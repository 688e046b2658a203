namespace BucketProxy.Gateway.Upstream;

/// <summary>Whoever an exchange on a connection is for.</summary>
internal interface IConnectionUser
{
    /// <summary>Nothing has moved on <paramref name="connection"/> for as long as is allowed. Called from the clock's thread, maybe
    /// more than once, maybe when it serves somebody else already.</summary>
    void Expire(NodeConnection connection);
}
