namespace BucketProxy.LoadBench.Measuring;

/// <summary>The runs of one proxy in one scenario.</summary>
/// <param name="name">Name in reports.</param>
/// <param name="standing">What it is in the comparison.</param>
/// <param name="column">Where it stands in the one table; null: nowhere.</param>
internal sealed class Series(string name, Standing standing, string? column = null)
{
    private readonly List<Sample> _samples = [];

    public string Name => name;

    public Standing Standing => standing;

    public string? Column => column;

    public IReadOnlyList<Sample> Samples => _samples;

    public void Add(Sample sample) => _samples.Add(sample);

    public Spread? Of(Metric metric) => Spread.Of(_samples.Select(s => s[metric]).OfType<double>());

    /// <summary>
    /// Times the other's, taken round by round: what the machine did in a round met both, and falls out of their ratio.
    /// </summary>
    public Spread? To(Series other, Metric metric) => Spread.Of(
        _samples.Zip(other.Samples, (mine, its) => mine[metric] / its[metric]).OfType<double>().Where(double.IsFinite));
}
