using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BucketProxy.LoadBench.Loads;

/// <summary>Clients that each read one download at a rate that is theirs, not the proxy's: what it cannot hand over it must hold back or keep.</summary>
internal static class SlowReaders
{
    private const int Piece = 64 * 1024;
    private const int Head = 4 * 1024;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs on a thread of its own; answers how many bytes were read, heads included, and how long the last one took.</summary>
    /// <param name="port">The proxy's port.</param>
    /// <param name="clients">How many.</param>
    /// <param name="suffix">What follows the base in the path.</param>
    /// <param name="bytesPerSecond">How fast each of them reads.</param>
    /// <exception cref="InvalidDataException">An answer is no success, or ended too early.</exception>
    public static Task<(long Bytes, TimeSpan Time)> RunAsync(int port, int clients, string suffix, double bytesPerSecond) =>
        Task.Factory.StartNew(
            () => Run(port, clients, suffix, bytesPerSecond), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static (long Bytes, TimeSpan Time) Run(int port, int clients, string suffix, double bytesPerSecond)
    {
        var readers = BaseRequests.Bases(clients, seed: 17).Select(id => new Reader(port, id, suffix)).ToArray();
        try
        {
            var poller = new Poller([]);
            var begin = Stopwatch.GetTimestamp();
            var buffer = new byte[Piece];
            for (long step = 1; readers.Any(r => !r.IsDone); step++)
            {
                var allowed = (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * bytesPerSecond);
                foreach (var reader in readers)
                    reader.ReadUpTo(allowed, buffer);
                poller.Wait(step * Step - Stopwatch.GetElapsedTime(begin));
            }
            return (readers.Sum(r => r.Received), Stopwatch.GetElapsedTime(begin));
        }
        finally
        {
            foreach (var reader in readers)
                reader.Dispose();
        }
    }

    private sealed class Reader : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private long _length = long.MaxValue;

        public Reader(int port, Guid id, string suffix)
        {
            _socket.Connect(IPAddress.Loopback, port);
            _socket.Send(Encoding.ASCII.GetBytes($"GET /api/v1/dtables/{id}{suffix} HTTP/1.1\r\nHost: bench\r\n\r\n"));
            _socket.Blocking = false;
        }

        public long Received { get; private set; }

        public bool IsDone => Received >= _length;

        /// <summary>Reads what there is, but no more than <paramref name="allowed"/> since the beginning.</summary>
        public void ReadUpTo(long allowed, byte[] buffer)
        {
            // The head is small and comes in one piece, if there is room for it.
            allowed = Math.Max(allowed, Head);
            while (!IsDone && Received < allowed)
            {
                var read = _socket.Receive(buffer.AsSpan(0, (int)Math.Min(buffer.Length, allowed - Received)), SocketFlags.None, out var error);
                if (error == SocketError.WouldBlock)
                    return;
                if (read == 0)
                    throw new InvalidDataException($"A download ended after {Received} bytes: {error}.");
                if (Received == 0)
                {
                    _length = HttpAnswer.WholeLength(buffer.AsSpan(0, read)) is > 0 and var length
                        ? length : throw new InvalidDataException("A head in more than one piece.");
                }
                Received += read;
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
