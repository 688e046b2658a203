namespace BucketProxy.LoadBench;

/// <summary>How much to measure.</summary>
/// <param name="Rounds">Runs of each proxy in each scenario.</param>
/// <param name="Duration">Length of a run.</param>
/// <param name="WarmUp">Length of the unmeasured run before the first round.</param>
/// <param name="Only">Keys of scenarios; empty for all.</param>
/// <param name="Proxies">Keys of proxies; empty for all.</param>
/// <param name="FirstPort">Ports are taken from here upwards.</param>
/// <param name="Output">The file to write; null for the usual one.</param>
internal sealed record BenchOptions(
    int Rounds, TimeSpan Duration, TimeSpan WarmUp, string[] Only, string[] Proxies, int FirstPort, string? Output)
{
    /// <summary>How much of the machine, in percent, others may take during a run before it is repeated.</summary>
    public double MostOthers { get; init; } = 3;
}
