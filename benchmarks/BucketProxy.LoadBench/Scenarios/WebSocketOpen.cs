using System.Diagnostics;
using System.Net.Sockets;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>What it costs to open a websocket, and to have it open.</summary>
internal sealed record WebSocketOpen() : Scenario(
    "ws-open", "Opening websockets, and leaving them idle",
    "Through a process that has just been started, 2,000 websockets are opened, 32 at a time, with the upgrade that socket.io sends, and left alone. CPU and time are of the opening. "
    + "Resident memory 5 s later, less that of the process with the first 16 of them, by the number of the others; and the same after one frame was echoed on each. "
    + "The kernel's socket buffers are not in it.")
{
    // nginx as it is run has 4,096 connections per worker, and each websocket takes two.
    private const int Sockets = 1984;
    private const int First = 16;

    public override IReadOnlyList<Metric> Metrics =>
        [Metric.CpuEach, Metric.Seconds, Metric.PerSocket, Metric.PerUsedSocket, Metric.Memory, Metric.Others];

    public override bool NeedsRawNodes => true;

    public override bool NeedsFreshProcess => true;

    // A new process and ten seconds of waiting each time.
    public override int MostRounds => 3;

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var open = new List<Socket>();
        try
        {
            var sample = new Sample();
            var first = await OpenAsync(proxy, First, open, sample);
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            var before = proxy.Pids.Sum(ProcessTree.ResidentOf);
            var others = await OpenAsync(proxy, Sockets, open, sample);
            // The first are dearer than all others: what they need is compiled for them. They count.
            sample[Metric.CpuEach] = (first.Cpu + others.Cpu) / (First + Sockets);
            sample[Metric.Seconds] = (first.Time + others.Time).TotalSeconds;
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
            sample[Metric.PerSocket] = KilobytesEach();
            sample[Metric.Memory] = proxy.Pids.Sum(ProcessTree.ResidentOf) / 1e6;
            _ = await EchoLoad.RunAsync([.. open], TimeSpan.Zero);
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            sample[Metric.PerUsedSocket] = KilobytesEach();
            return sample;

            double KilobytesEach() => Math.Max(0, proxy.Pids.Sum(ProcessTree.ResidentOf) - before) / 1024d / Sockets;
        }
        finally
        {
            foreach (var socket in open)
                socket.Dispose();
        }
    }

    private static async Task<(double Cpu, TimeSpan Time)> OpenAsync(RunningProxy proxy, int count, List<Socket> open, Sample sample)
    {
        var meter = new CpuMeter(proxy.Pids);
        var began = Stopwatch.GetTimestamp();
        open.AddRange(await SocketClient.OpenManyAsync(proxy.Port, count));
        var time = Stopwatch.GetElapsedTime(began);
        meter.End(sample, Metric.CpuEach, 1);
        return (sample[Metric.CpuEach]!.Value, time);
    }
}
