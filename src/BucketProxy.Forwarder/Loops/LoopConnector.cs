using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>Connects to an address.</summary>
internal static class LoopConnector
{
    /// <summary>Connects to the first of <paramref name="addresses"/> that answers.</summary>
    /// <exception cref="SocketException">None does.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="IOException">The machine is out of something.</exception>
    public static async ValueTask<LoopSocket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        SocketException? last = null;
        foreach (var address in addresses)
        {
            LoopSocket? socket = null;
            try
            {
                (socket, var isConnected) = Begin(address, port);
                socket.Watch();
                if (!isConnected)
                {
                    await using (cancellationToken.UnsafeRegister(static s => ((LoopSocket)s!).Close(), socket))
                        await new Waiter(socket).WaitAsync();
                    cancellationToken.ThrowIfCancellationRequested();
                    if (socket.TakeError() is not 0 and var error)
                        throw new SocketException(SocketErrors.Of(error), Marshal.GetPInvokeErrorMessage(error));
                }
                return socket;
            }
            catch (SocketException e)
            {
                socket?.Close();
                last = e;
            }
            catch (ObjectDisposedException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw;
            }
            catch
            {
                socket?.Close();
                throw;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static unsafe (LoopSocket Socket, bool IsConnected) Begin(IPAddress address, int port)
    {
        var into = stackalloc byte[SocketAddresses.Longest];
        var length = SocketAddresses.Write(address, port, new Span<byte>(into, SocketAddresses.Longest));
        var family = address.AddressFamily == AddressFamily.InterNetworkV6 ? Libc.InterNetworkV6 : Libc.InterNetwork;
        var descriptor = Libc.CreateSocket(family, Libc.StreamNonBlockCloseOnExec, 0);
        if (descriptor < 0)
            throw Failed();
        LoopSocket.SendAtOnce(descriptor);
        var isConnected = Libc.Connect(descriptor, into, length) == 0;
        if (!isConnected && Marshal.GetLastPInvokeError() is not (Libc.InProgress or Libc.Interrupted))
        {
            var failed = Failed();
            _ = Libc.Close(descriptor);
            throw failed;
        }
        return (new LoopSocket(EventLoop.Current ?? EventLoop.Next(), descriptor), isConnected);
    }

    private static SocketException Failed()
    {
        var error = Marshal.GetLastPInvokeError();
        return new SocketException(SocketErrors.Of(error), Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>Waits until a connect has had its outcome.</summary>
    private sealed class Waiter(LoopSocket socket) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _done = new();

        public Task WaitAsync()
        {
            if (!socket.TryAwaitWritable(this))
                _done.SetResult();
            return _done.Task;
        }

        public void Execute() => _done.SetResult();
    }
}
