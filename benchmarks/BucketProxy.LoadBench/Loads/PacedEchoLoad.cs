using System.Diagnostics;
using System.Net.Sockets;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Loads;

/// <summary>
/// Frames at a fixed rate over many websockets, one after the other in turn, whatever the echoes do. An echo's time counts from when its frame was
/// due (no coordinated omission).
/// </summary>
internal static class PacedEchoLoad
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs on a thread of its own until every frame has come back.</summary>
    public static Task<LatencyHistogram> RunAsync(Socket[] sockets, double perSecond, TimeSpan duration) =>
        Task.Factory.StartNew(() => Run(sockets, perSecond, duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static LatencyHistogram Run(Socket[] sockets, double perSecond, TimeSpan duration)
    {
        var histogram = new LatencyHistogram();
        var poller = new Poller(sockets);
        var due = sockets.Select(_ => new Queue<TimeSpan>()).ToArray();
        var received = new int[sockets.Length];
        var buffer = new byte[16 * 1024];
        var total = (long)(duration.TotalSeconds * perSecond);
        var begin = Stopwatch.GetTimestamp();
        for (long sent = 0; histogram.Count < total;)
        {
            for (; sent < total && Due(sent) <= Stopwatch.GetElapsedTime(begin); sent++)
            {
                var socket = (int)(sent % sockets.Length);
                due[socket].Enqueue(Due(sent));
                sockets[socket].Send(EchoLoad.Frame);
            }
            poller.Wait(sent < total ? Due(sent) - Stopwatch.GetElapsedTime(begin) : Longest);
            for (var i = 0; i < sockets.Length; i++)
            {
                if (poller.IsReadable(i))
                    Receive(i);
            }
            if (Stopwatch.GetElapsedTime(begin) > duration + Limit)
                throw new InvalidDataException($"{total - histogram.Count} frames did not come back.");
        }
        return histogram;

        TimeSpan Due(long frame) => TimeSpan.FromSeconds(frame / perSecond);

        void Receive(int i)
        {
            var read = sockets[i].Receive(buffer);
            if (read == 0)
                throw new InvalidDataException("The proxy closed a websocket.");
            for (received[i] += read; received[i] >= EchoLoad.EchoLength; received[i] -= EchoLoad.EchoLength)
                histogram.Record(Stopwatch.GetElapsedTime(begin) - due[i].Dequeue());
        }
    }
}
