namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// A connection that can be taken from the server: what the server keeps for each is of no use to a tunnel. A feature of the connections of the
/// loop transport; there is none where something lies between the socket and the server, such as TLS.
/// </summary>
public interface IConnectionDetachFeature
{
    /// <summary>
    /// Takes the connection, with what was received and not read. Call it from the one HTTP/1.1 request that the connection serves, before anything
    /// of its answer is written, and abort the request: the server then lets go of the connection, and closes nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">Something lies between the socket and the server, or it was taken before.</exception>
    DetachedStream Detach();
}
