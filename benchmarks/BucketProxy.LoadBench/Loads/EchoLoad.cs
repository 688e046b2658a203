using System.Diagnostics;
using System.Net.Sockets;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Loads;

/// <summary>Websockets that each send a frame, wait for its echo, and send the next.</summary>
internal static class EchoLoad
{
    private const int Payload = 120;

    // Masked with zeros, which RFC 6455 does not forbid: neither side of the measurement spends time on it.
    public static readonly byte[] Frame = [0x81, 0x80 | Payload, 0, 0, 0, 0, .. Enumerable.Repeat((byte)'x', Payload)];
    public const int EchoLength = 2 + Payload;

    /// <summary>Runs on a thread of its own.</summary>
    public static Task<LatencyHistogram> RunAsync(Socket[] sockets, TimeSpan duration) =>
        Task.Factory.StartNew(() => Run(sockets, duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static LatencyHistogram Run(Socket[] sockets, TimeSpan duration)
    {
        var histogram = new LatencyHistogram();
        var poller = new Poller(sockets);
        var began = new TimeSpan[sockets.Length];
        var missing = new int[sockets.Length];
        var buffer = new byte[1024];
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < sockets.Length; i++)
            Send(i);
        while (Stopwatch.GetElapsedTime(begin) < duration)
        {
            poller.Wait(TimeSpan.FromMilliseconds(100));
            for (var i = 0; i < sockets.Length; i++)
            {
                if (!poller.IsReadable(i))
                    continue;
                var read = sockets[i].Receive(buffer.AsSpan(0, missing[i]));
                if (read == 0)
                    throw new InvalidDataException("The proxy closed a websocket.");
                missing[i] -= read;
                if (missing[i] > 0)
                    continue;
                histogram.Record(Stopwatch.GetElapsedTime(begin) - began[i]);
                Send(i);
            }
        }
        // What is still under way would be taken for the first echo of the next run.
        for (var i = 0; i < sockets.Length; i++)
        {
            while (missing[i] > 0)
                missing[i] -= sockets[i].Receive(buffer.AsSpan(0, missing[i])) is > 0 and var read
                    ? read : throw new InvalidDataException("The proxy closed a websocket.");
        }
        return histogram;

        void Send(int i)
        {
            began[i] = Stopwatch.GetElapsedTime(begin);
            missing[i] = EchoLength;
            sockets[i].Send(Frame);
        }
    }
}
