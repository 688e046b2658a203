using System.Diagnostics;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Processes;

/// <summary>What a proxy used between two moments, and how much of the machine went to others meanwhile.</summary>
internal sealed class CpuMeter
{
    private readonly int[] _proxy;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly TimeSpan _proxyBefore;
    private readonly TimeSpan _runBefore;
    private readonly TimeSpan _machineBefore;

    /// <param name="proxy">The processes that are measured; their children belong to them.</param>
    public CpuMeter(params int[] proxy)
    {
        _proxy = proxy;
        _proxyBefore = OfProxy();
        _runBefore = ProcessTree.CpuOfRun();
        _machineBefore = ProcessTree.CpuOfMachine();
    }

    /// <summary>Ends the measurement and writes it into <paramref name="sample"/>.</summary>
    /// <param name="sample">What it belongs to.</param>
    /// <param name="perUnit">What the CPU time is divided by.</param>
    /// <param name="units">How many there were.</param>
    public void End(Sample sample, Metric perUnit, double units)
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        sample[perUnit] = (OfProxy() - _proxyBefore).TotalMicroseconds / units;
        var others = ProcessTree.CpuOfMachine() - _machineBefore - (ProcessTree.CpuOfRun() - _runBefore);
        sample[Metric.Memory] = _proxy.Sum(ProcessTree.ResidentOf) / 1e6;
        sample[Metric.Others] = Math.Max(0, 100 * others / elapsed / Environment.ProcessorCount);
    }

    private TimeSpan OfProxy() => _proxy.Aggregate(TimeSpan.Zero, (sum, each) => sum + ProcessTree.CpuOf(each));
}
