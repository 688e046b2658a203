namespace BucketProxy.LoadBench.Measuring;

/// <summary>What one run gave.</summary>
internal sealed class Sample
{
    private readonly Dictionary<Metric, double> _values = [];

    public double? this[Metric metric]
    {
        get => _values.TryGetValue(metric, out var value) ? value : null;
        set
        {
            if (value is { } number)
                _values[metric] = number;
        }
    }

    /// <summary>How often it was measured again because others took too much of the machine.</summary>
    public int Repeats { get; set; }

    /// <summary>True when they still did the last time.</summary>
    public bool IsDisturbed { get; set; }
}
