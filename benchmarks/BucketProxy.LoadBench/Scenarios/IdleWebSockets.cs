using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>What a websocket costs that does nothing.</summary>
internal sealed record IdleWebSockets() : Scenario(
    "ws-idle", "Idle websockets",
    "1,500 websockets are opened through a fresh process, one frame is echoed on each; resident memory 2 s later, less that of the "
    + "process with 16 such sockets, by the number of sockets. The kernel's socket buffers are not in it.")
{
    // nginx as it is run has 4,096 connections per worker, and each websocket takes two.
    private const int Sockets = 1500;
    private const int First = 16;

    public override IReadOnlyList<Metric> Metrics => [Metric.PerSocket, Metric.Memory];

    public override bool NeedsRawNodes => true;

    public override bool NeedsFreshProcess => true;

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var open = new List<System.Net.Sockets.Socket>();
        try
        {
            open.AddRange(await OpenAsync(proxy.Port, First));
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            var before = ProcessTree.ResidentOf(proxy.Pid);
            open.AddRange(await OpenAsync(proxy.Port, Sockets));
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            var after = ProcessTree.ResidentOf(proxy.Pid);
            return new Sample
            {
                [Metric.PerSocket] = Math.Max(0, after - before) / 1024d / Sockets,
                [Metric.Memory] = after / 1e6,
            };
        }
        finally
        {
            foreach (var socket in open)
                socket.Dispose();
        }
    }

    private static async Task<System.Net.Sockets.Socket[]> OpenAsync(int port, int count)
    {
        var sockets = await SocketClient.OpenManyAsync(port, count);
        await EchoLoad.RunAsync(sockets, TimeSpan.Zero);
        return sockets;
    }
}
