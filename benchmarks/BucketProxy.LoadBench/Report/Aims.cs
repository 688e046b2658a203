using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Report;

/// <summary>All that BucketProxy is to reach beside others: the rows of the one table.</summary>
internal static class Aims
{
    public const string Subject = "bucketproxy";
    public const string LeanNginx = "nginx-lean";

    /// <summary>The row of <see cref="Verdict"/> that is made of all HTTP scenarios.</summary>
    public const string Resident = "resident";

    /// <summary>Whom it is compared with, by column.</summary>
    public static string[] Others { get; } = ["nginx-as-run", LeanNginx, "haproxy"];

    public static IReadOnlyList<Aim> List { get; } =
    [
        Aim.AsTheBest("get-16", Metric.Requests),
        Aim.AsTheBest("get-64", Metric.Requests),
        Aim.AsTheBest("get-256", Metric.Requests),
        Aim.AsTheBest("get-256", Metric.Percentile99),
        Aim.AsTheBest("answer-100k", Metric.Requests),
        Aim.AsTheBest("post-64k", Metric.Requests),
        Aim.AsTheBest("download-20m", Metric.Throughput),
        Aim.AsLeanNginx("slow-readers", Metric.CpuPerMebibyte),
        Aim.AsTheBest("fixed-rate", Metric.Percentile99),
        Aim.AsTheBest("ws-echo", Metric.Messages),
        Aim.AsLeanNginx("ws-echo-paced", Metric.CpuEach),
        Aim.AtMost("ws-open", Metric.CpuEach, 250),
        Aim.AtMost("ws-open", Metric.PerSocket, 5.6),
        Aim.AsTheBest("new-connections", Metric.Requests),
        Aim.AsLeanNginx("both-get-64", Metric.Requests),
        Aim.AsLeanNginx("both-post-64k", Metric.Requests),
        Aim.AsLeanNginx("both-answer-100k", Metric.Requests),
        Aim.AsLeanNginx("both-ws-echo", Metric.Messages),
        Aim.AtMost(Resident, Metric.Memory, 80),
    ];
}
