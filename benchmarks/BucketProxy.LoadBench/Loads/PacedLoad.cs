using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Loads;

/// <summary>
/// Requests at a fixed rate, whatever the answers do. A request's time counts from the moment it was due, not from when a
/// connection was free for it: a server that stalls cannot keep the requests out of the statistics that would have shown it
/// (no coordinated omission).
/// </summary>
internal sealed class PacedLoad
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(5);
    private readonly byte[][] _requests;
    private readonly double _perSecond;
    private readonly Connection[] _connections;
    private readonly Queue<int> _free;

    private PacedLoad(int port, int connections, double perSecond)
    {
        _requests = BaseRequests.SmallGets(4096, seed: 11);
        _perSecond = perSecond;
        _connections = [.. Enumerable.Range(0, connections).Select(_ => new Connection(Open(port)))];
        _free = new Queue<int>(Enumerable.Range(0, connections));
    }

    /// <summary>Runs on a thread of its own. What is due in the first <paramref name="warmUp"/> is not recorded.</summary>
    public static Task<LatencyHistogram> RunAsync(int port, int connections, double perSecond, TimeSpan warmUp, TimeSpan duration) =>
        Task.Factory.StartNew(
            () =>
            {
                var load = new PacedLoad(port, connections, perSecond);
                try
                {
                    return load.Run(warmUp, duration);
                }
                finally
                {
                    foreach (var connection in load._connections)
                        connection.Socket.Dispose();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LatencyHistogram Run(TimeSpan warmUp, TimeSpan duration)
    {
        var histogram = new LatencyHistogram();
        var poller = new Poller([.. _connections.Select(c => c.Socket)]);
        var total = (long)((warmUp + duration).TotalSeconds * _perSecond);
        var begin = Stopwatch.GetTimestamp();
        long sent = 0;
        long answered = 0;
        while (answered < total)
        {
            var now = Stopwatch.GetElapsedTime(begin);
            while (sent < total && Due(sent) <= now && _free.TryDequeue(out var free))
            {
                _connections[free].Send(_requests[sent % _requests.Length], Due(sent));
                sent++;
            }
            poller.Wait(sent < total && _free.Count > 0 ? Due(sent) - Stopwatch.GetElapsedTime(begin) : Longest);
            for (var i = 0; i < _connections.Length; i++)
            {
                if (!poller.IsReadable(i) || !_connections[i].Receive())
                    continue;
                answered++;
                _free.Enqueue(i);
                if (_connections[i].Due >= warmUp)
                    histogram.Record(Stopwatch.GetElapsedTime(begin) - _connections[i].Due);
            }
        }
        return histogram;
    }

    private TimeSpan Due(long request) => TimeSpan.FromSeconds(request / _perSecond);

    private static Socket Open(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    private sealed class Connection(Socket socket)
    {
        private readonly byte[] _answer = new byte[16 * 1024];
        private int _length;

        public Socket Socket => socket;

        public TimeSpan Due { get; private set; }

        public void Send(byte[] request, TimeSpan due)
        {
            Due = due;
            _length = 0;
            socket.Send(request);
        }

        public bool Receive()
        {
            var read = socket.Receive(_answer.AsSpan(_length));
            if (read == 0)
                throw new InvalidDataException("The proxy closed a connection.");
            _length += read;
            return HttpAnswer.IsComplete(_answer.AsSpan(0, _length));
        }
    }
}
