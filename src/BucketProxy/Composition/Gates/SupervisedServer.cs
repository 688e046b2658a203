using System.Globalization;
using BucketProxy.Gateway.Gating;
using BucketProxy.Supervision;

namespace BucketProxy.Composition.Gates;

/// <summary>Runs the server behind a gate under a fuse (G5).</summary>
/// <param name="options">The program.</param>
/// <param name="instance">The gate's process; part of every run's name.</param>
/// <param name="logger">The log.</param>
internal sealed class SupervisedServer(SupervisedProcessOptions options, string instance, ILogger logger) : IServerLauncher
{
    /// <summary>The clock that gates and their servers' ends go by: it runs on while the machine sleeps, as the store's leases do.</summary>
    public static TimeProvider Clock => BootTimeProvider.Instance;

    private int _runs;
    private int _processId;

    /// <summary>The process that was started last; null: none was.</summary>
    public int? ProcessId => Volatile.Read(ref _processId) is > 0 and var id ? id : null;

    public async Task<IServerRun> StartAsync(long killedAt, CancellationToken cancellationToken)
    {
        try
        {
            var left = Clock.GetElapsedTime(Clock.GetTimestamp(), killedAt);
            var process = await SupervisedProcess.StartAsync(options, left, Clock, logger, cancellationToken);
            // By the absolute time: what passed in between is not given on top.
            process.ExtendUntil(killedAt);
            Volatile.Write(ref _processId, process.ProcessId);
            var run = Interlocked.Increment(ref _runs);
            return new Run(process, string.Create(CultureInfo.InvariantCulture, $"{instance}/{run}"));
        }
        catch (ProcessNotStartedException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private sealed class Run(SupervisedProcess process, string incarnation) : IServerRun
    {
        public string Incarnation => incarnation;

        public Task<ServerEnd> Ended { get; } = EndAsync(process);

        public void ExtendUntil(long killedAt) => process.ExtendUntil(killedAt);

        public void SignalStop() => process.Stop();

        public void Kill() => process.Kill();

        public ValueTask DisposeAsync() => process.DisposeAsync();

        // Only who was asked to end, and ended by itself without an error, has saved for certain.
        private static async Task<ServerEnd> EndAsync(SupervisedProcess process)
        {
            var exit = await process.Exited;
            return new ServerEnd(exit is { WasStopped: true, WasKilled: false, ExitCode: 0 }, exit.Reason);
        }
    }
}
