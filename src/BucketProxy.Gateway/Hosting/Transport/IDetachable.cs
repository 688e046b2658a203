using BucketProxy.Gateway.Loops;

namespace BucketProxy.Gateway.Hosting.Transport;

/// <summary>A connection whose socket can be taken from the server: what the server keeps for each is of no use to a tunnel.</summary>
internal interface IDetachable
{
    /// <summary>
    /// Takes the socket, with what was received and not read. Call it from the request that the connection serves, before anything of its answer
    /// is written, and abort the request: the server then lets go of the connection, and closes nothing. Null: it cannot be taken, because of TLS.
    /// </summary>
    (LoopSocket Socket, byte[] Begun)? Detach();
}
