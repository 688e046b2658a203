namespace BucketProxy.Benchmarks;

/// <summary>Skewed load: the n-th busiest bucket gets a share of 1/n^1.2, and which one that is, is random.</summary>
internal static class Zipf
{
    public static double[] Rates(int count, int seed)
    {
        var rates = Enumerable.Range(1, count).Select(n => 1000 / Math.Pow(n, 1.2)).ToArray();
        new Random(seed).Shuffle(rates);
        return rates;
    }
}
