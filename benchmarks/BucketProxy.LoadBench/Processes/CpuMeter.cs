using System.Diagnostics;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Processes;

/// <summary>What a proxy used between two moments, and how much of the machine went to others meanwhile.</summary>
internal sealed class CpuMeter
{
    private readonly int _proxy;
    private readonly int[] _nodes;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly TimeSpan _proxyBefore;
    private readonly TimeSpan _oursBefore;
    private readonly TimeSpan _machineBefore;

    public CpuMeter(int proxy, params int[] nodes)
    {
        _proxy = proxy;
        _nodes = nodes;
        _proxyBefore = ProcessTree.CpuOf(proxy);
        _oursBefore = Ours();
        _machineBefore = ProcessTree.CpuOfMachine();
    }

    /// <summary>Ends the measurement and writes it into <paramref name="sample"/>.</summary>
    /// <param name="sample">What it belongs to.</param>
    /// <param name="perUnit">What the CPU time is divided by.</param>
    /// <param name="units">How many there were.</param>
    public void End(Sample sample, Metric perUnit, double units)
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        var proxy = ProcessTree.CpuOf(_proxy) - _proxyBefore;
        var others = ProcessTree.CpuOfMachine() - _machineBefore - proxy - (Ours() - _oursBefore);
        sample[perUnit] = proxy.TotalMicroseconds / units;
        sample[Metric.Memory] = ProcessTree.ResidentOf(_proxy) / 1e6;
        sample[Metric.Others] = Math.Max(0, 100 * others / elapsed / Environment.ProcessorCount);
    }

    private TimeSpan Ours() =>
        _nodes.Aggregate(ProcessTree.CpuOfSelf(), (sum, node) => sum + ProcessTree.CpuOf(node));
}
