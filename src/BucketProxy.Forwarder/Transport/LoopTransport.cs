using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Transport;

/// <summary>The server's connections on event loops of this library's own.</summary>
public static class LoopTransport
{
    /// <summary>Whether this machine has what the loops need: Linux, 64 bits. Elsewhere the server keeps its own sockets.</summary>
    public static bool IsSupported => EventLoop.IsSupported;
}
