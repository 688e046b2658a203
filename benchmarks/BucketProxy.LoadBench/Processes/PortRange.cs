namespace BucketProxy.LoadBench.Processes;

/// <summary>Hands out ports, each once.</summary>
internal sealed class PortRange(int first)
{
    private int _next = first;

    public int Take() => _next++;

    public int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Take())];
}
