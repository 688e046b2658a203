namespace BucketProxy.LoadBench.Measuring;

/// <summary>The runs of one proxy in one scenario.</summary>
internal sealed class Series(string name)
{
    private readonly List<Sample> _samples = [];

    public string Name => name;

    public IReadOnlyList<Sample> Samples => _samples;

    public void Add(Sample sample) => _samples.Add(sample);

    public (double Median, double Least, double Most)? Of(Metric metric)
    {
        var values = _samples.Select(s => s[metric]).OfType<double>().Order().ToArray();
        if (values.Length == 0)
            return null;
        var middle = values.Length / 2;
        var median = values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
        return (median, values[0], values[^1]);
    }
}
