using System.Net.Sockets;

namespace BucketProxy.Forwarder.Loops;

/// <summary>The kernel's errors as the framework names them.</summary>
internal static class SocketErrors
{
    public static int Of(int error) => (int)(error switch
    {
        Libc.ConnectionReset => SocketError.ConnectionReset,
        Libc.BrokenPipe => SocketError.Shutdown,
        103 => SocketError.ConnectionAborted,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        101 => SocketError.NetworkUnreachable,
        Libc.TooManyFiles or Libc.TooManyFilesInSystem => SocketError.TooManyOpenSockets,
        Libc.NoBuffers or Libc.OutOfMemory => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    });
}
