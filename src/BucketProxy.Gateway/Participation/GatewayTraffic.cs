using System.Collections.Immutable;
using System.Globalization;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Participation;

/// <summary>The data plane as the agent sees it.</summary>
public sealed class GatewayTraffic(DataHost host) : IProxyTraffic
{
    /// <inheritdoc/>
    public Task WhenSilentAsync(Bucket bucket, BasePrefix? pin, CancellationToken cancellationToken) =>
        host.Traffic.WhenSilentAsync(bucket, pin, cancellationToken);

    /// <inheritdoc/>
    public string? BusyWith(Bucket bucket, BasePrefix? pin) => host.Traffic.BusyWith(bucket, pin);

    /// <inheritdoc/>
    public void AbortAll() => host.CutAll();

    /// <inheritdoc/>
    public LoadReport TakeLoad()
    {
        var sample = host.Traffic.TakeSample();
        var seconds = Math.Max(sample.Window.TotalSeconds, 0.001);
        return new LoadReport
        {
            Buckets = sample.Buckets.ToImmutableSortedDictionary(
                b => b.Bucket.ToString(),
                b => new BucketLoad(Rounded(b.Requests / seconds), Rounded(b.Bytes / seconds), b.Sockets),
                StringComparer.Ordinal),
            Hottest = [.. sample.Hottest.Select(b => new BaseLoad(b.Base.ToString(), Rounded(b.Requests / seconds)))],
        };
    }

    // Three digits are more than a load is known to, and keep the report small: it is written every few seconds.
    private static double Rounded(double value) =>
        double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
