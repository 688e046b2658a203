namespace BucketProxy.Forwarder.Loops;

/// <summary>Whom a socket concerns that nobody reads from at the moment.</summary>
internal interface IHangUp
{
    /// <summary>The peer has ended its side, or the connection is broken. On the loop's thread.</summary>
    void HungUp();
}
