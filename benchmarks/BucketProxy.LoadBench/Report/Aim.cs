using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Report;

/// <summary>What a figure of BucketProxy is to be. All of them stand in <see cref="Aims"/>.</summary>
/// <param name="Scenario">The scenario, by its key.</param>
/// <param name="Metric">The figure.</param>
/// <param name="Rivals">Columns whose best it is to be as good as; empty for a limit.</param>
/// <param name="Limit">What it is not to exceed; null beside rivals.</param>
internal sealed record Aim(string Scenario, Metric Metric, string[] Rivals, double? Limit = null)
{
    /// <summary>No worse than the best of the three.</summary>
    public static Aim AsTheBest(string scenario, Metric metric) => new(scenario, metric, Aims.Others);

    /// <summary>No worse than lean nginx.</summary>
    public static Aim AsLeanNginx(string scenario, Metric metric) => new(scenario, metric, [Aims.LeanNginx]);

    /// <summary>No more than that.</summary>
    public static Aim AtMost(string scenario, Metric metric, double limit) => new(scenario, metric, [], limit);

    /// <summary>As the table says it.</summary>
    public string Text => Limit is { } limit ? "≤ " + Metric.Text(limit) : Rivals.Length > 1 ? "the best of the others" : "nginx, lean";
}
