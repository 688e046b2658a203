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

    public IEnumerable<Metric> Metrics => _values.Keys;
}
