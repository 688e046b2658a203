using System.Globalization;

namespace BucketProxy.LoadBench.Measuring;

/// <summary>One thing that is measured.</summary>
/// <param name="Name">With its unit, as a column head.</param>
/// <param name="Format">Number format.</param>
/// <param name="MoreIsBetter">Which way is better.</param>
internal sealed record Metric(string Name, string Format, bool MoreIsBetter)
{
    public static readonly Metric Requests = new("requests/s", "#,0", true);
    public static readonly Metric Messages = new("messages/s", "#,0", true);
    public static readonly Metric Throughput = new("MB/s", "#,0", true);
    public static readonly Metric CpuEach = new("CPU µs each", "0.0", false);
    public static readonly Metric CpuPerMegabyte = new("CPU µs per MB", "0", false);
    public static readonly Metric CpuPerMebibyte = new("CPU µs per MiB", "0", false);
    public static readonly Metric Seconds = new("seconds for all", "0.00", false);
    public static readonly Metric Median = new("median ms", "0.00", false);
    public static readonly Metric Percentile99 = new("99 % ms", "0.00", false);
    public static readonly Metric Percentile999 = new("99.9 % ms", "0.00", false);
    public static readonly Metric Memory = new("resident MB", "0", false);
    public static readonly Metric PerSocket = new("KB per idle websocket", "0.0", false);
    public static readonly Metric PerUsedSocket = new("KB each after an echo", "0.0", false);
    public static readonly Metric Rewrites = new("maps/s", "0.0", true);
    public static readonly Metric Commits = new("commits/s", "0.0", false);
    public static readonly Metric Renewals = new("lease renewals/s", "0.0", false);
    public static readonly Metric WatchEvents = new("watch events/s", "0", false);
    public static readonly Metric SentKilobytes = new("KB/s from etcd", "0", false);
    public static readonly Metric Watchers = new("watches", "0", false);
    public static readonly Metric StoreCpu = new("etcd, % of a core", "0.0", false);
    public static readonly Metric StoreMemory = new("etcd, MB", "0", false);
    public static readonly Metric IdleProxyCpu = new("a proxy, % of a core", "0.0", false);
    public static readonly Metric IdleGateCpu = new("a gate, % of a core", "0.0", false);
    public static readonly Metric Moves = new("moves", "0", true);
    public static readonly Metric Events = new("changes", "0", true);
    public static readonly Metric SincePutMedian = new("from the put, median ms", "0.00", false);
    public static readonly Metric SincePut99 = new("from the put, 99 % ms", "0.00", false);
    public static readonly Metric Errors = new("errors", "0", false);

    /// <summary>Share of the machine that went to processes which are no part of the measurement.</summary>
    public static readonly Metric Others = new("others' CPU %", "0", false);

    public string Text(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}
