using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>How long a change in etcd takes to become a route.</summary>
internal sealed record EventToRoute() : Scenario(
    "etcd-to-route", "From etcd to the route",
    "An assignment is put into a real etcd (one member, with fsync); three proxies follow it. Each is asked for a base of that bucket over and over, "
    + "and counts until the first answer by the new owner. The slowest of the three counts. First column: from etcd's acknowledgement of the put.")
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private const string Base = "42424242-0000-4000-8000-000000000000";

    public override IReadOnlyList<Metric> Metrics =>
        [Metric.Percentile99, Metric.Median, Metric.SincePutMedian, Metric.SincePut99, Metric.Events, Metric.Others];

    public override bool IsOurOwn => true;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) => [new EtcdTrio()];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var trio = proxy.Trio ?? throw new InvalidOperationException("This scenario needs proxies on etcd.");
        var sinceAnswer = new LatencyHistogram();
        var sincePut = new LatencyHistogram();
        var clients = trio.Ports.Select(p => new Client(p)).ToArray();
        var meter = new CpuMeter(proxy.Pid, nodes.Pid);
        try
        {
            var began = Stopwatch.GetTimestamp();
            for (var turn = 0; Stopwatch.GetElapsedTime(began) < duration; turn++)
            {
                var owner = turn % 2;
                var until = clients.Select(c => c.UntilAnsweredByAsync(nodes.Ports[owner])).ToArray();
                var put = Stopwatch.GetTimestamp();
                await trio.Etcd.PutAsync("assign-42", Trio.NodeId(owner));
                var acknowledged = Stopwatch.GetTimestamp();
                var slowest = (await Task.WhenAll(until)).Max();
                // The first put may name the owner that it had already.
                if (turn > 0)
                {
                    sincePut.Record(Stopwatch.GetElapsedTime(put, slowest));
                    sinceAnswer.Record(Stopwatch.GetElapsedTime(acknowledged, Math.Max(slowest, acknowledged)));
                }
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
        finally
        {
            foreach (var client in clients)
                client.Dispose();
        }
        var sample = new Sample
        {
            [Metric.Median] = sinceAnswer.Percentile(50).TotalMilliseconds,
            [Metric.Percentile99] = sinceAnswer.Percentile(99).TotalMilliseconds,
            [Metric.SincePutMedian] = sincePut.Percentile(50).TotalMilliseconds,
            [Metric.SincePut99] = sincePut.Percentile(99).TotalMilliseconds,
            [Metric.Events] = sincePut.Count,
        };
        meter.End(sample, Metric.CpuEach, sincePut.Count);
        return sample;
    }

    private sealed class Client : IDisposable
    {
        private static readonly byte[] Request = Encoding.ASCII.GetBytes($"GET /api/v1/dtables/{Base}/rows/ HTTP/1.1\r\nHost: bench\r\n\r\n");
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _buffer = new byte[4096];

        public Client(int port) => _socket.Connect(IPAddress.Loopback, port);

        /// <summary>When the first answer by the node on that port came.</summary>
        public async Task<long> UntilAnsweredByAsync(int node)
        {
            var sign = Encoding.ASCII.GetBytes("X-Node: " + node.ToString(CultureInfo.InvariantCulture));
            while (true)
            {
                await _socket.SendAsync(Request);
                var length = 0;
                do
                {
                    var read = await _socket.ReceiveAsync(_buffer.AsMemory(length));
                    if (read == 0)
                        throw new InvalidDataException("A proxy closed a connection.");
                    length += read;
                }
                while (!Loads.HttpAnswer.IsComplete(_buffer.AsSpan(0, length)));
                if (_buffer.AsSpan(0, length).IndexOf(sign) >= 0)
                    return Stopwatch.GetTimestamp();
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
