using System.Diagnostics.CodeAnalysis;
using BucketProxy.Core.Bases;

namespace BucketProxy.Demo;

/// <summary>Some hundred bases, a few of them busy: base number n is asked for in proportion to 1 / n, as on real clouds.</summary>
internal sealed class SampleBases
{
    private readonly double[] _upTo;

    /// <summary>Makes them; the same seed makes the same.</summary>
    public SampleBases(int count, int seed)
    {
        var random = Random(seed);
        var bytes = new byte[16];
        Ids = [.. Enumerable.Range(0, count).Select(_ =>
        {
            random.NextBytes(bytes);
            return new BaseId(new UInt128(BitConverter.ToUInt64(bytes, 0), BitConverter.ToUInt64(bytes, 8)));
        })];
        _upTo = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            _upTo[i] = sum += 1.0 / (i + 1);
    }

    /// <summary>The bases, busiest first.</summary>
    public IReadOnlyList<BaseId> Ids { get; }

    /// <summary>One of them, by their weight.</summary>
    public BaseId Pick(Random random)
    {
        var at = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Ids[Math.Min(at < 0 ? ~at : at, Ids.Count - 1)];
    }

    /// <summary>Numbers for sample traffic.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "Sample traffic needs no secrecy.")]
    public static Random Random(int seed) => new(seed);
}
