using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.GateBench.Cluster;
using BucketProxy.GateBench.Reporting;

namespace BucketProxy.GateBench.Moving;

/// <summary>Drains one node after the other and brings its share back.</summary>
internal static class PlannedMoves
{
    private const double MedianAim = 300;
    private const double Percentile99Aim = 1000;

    /// <summary>Rows of the table.</summary>
    /// <exception cref="TimeoutException">Moves do not end.</exception>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> MeasureAsync(GateScene scene, int cycles, Action<string> tell)
    {
        var took = new List<double>();
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var node = scene.Cluster.Gates[cycle % scene.Cluster.Gates.Count].Name;
            tell($"moves: drain {cycle + 1} of {cycles}, {node}");
            var from = scene.Load.Elapsed;
            await scene.Cluster.Operator.PostAsync($"/api/nodes/{node}/drain");
            await scene.Cluster.UntilSettledAsync(scene.Cluster.Gates.Count - 1);
            await scene.Cluster.Operator.PostAsync($"/api/nodes/{node}/uncordon");
            await scene.Cluster.RebalanceAsync();
            took.AddRange(scene.Load.Between(from, scene.Load.Elapsed).Select(latency => latency.TotalMilliseconds));
        }
        var past = (await scene.Cluster.Operator.GetAsync("/api/moves?past=1000"))["past"]!.AsArray()
            .Where(move => move!["from"] is not null && (string?)move["reason"] != "orphan").ToList();
        var done = past.Where(move => (string?)move!["phase"] == "done").Select(move => move!["phases"]!).ToList();
        var aborted = past.Count(move => (string?)move!["phase"] == "aborted");
        var holds = Phase(done, "hold");
        var (median, most) = (Figures.Percentile(holds, 50), Figures.Percentile(holds, 99));
        return
        [
            Row(string.Create(CultureInfo.InvariantCulture, $"planned move: requests of the bucket held, ms ({holds.Count} moves, {aborted} given up and tried again)"), holds, "0",
                $"≤ {MedianAim:0} and ≤ {Percentile99Aim:0}", median is null ? Figures.NotMeasured : $"{Figures.IsMet(median, MedianAim)}, {Figures.IsMet(most, Percentile99Aim)}"),
            Row("– until nothing is in flight, ms", Phase(done, "quiesce"), "0"),
            Row("– until the server has let go, ms", Phase(done, "release"), "0"),
            Row("– until it opens, ms", Phase(done, "settle"), "0"),
            Row(string.Create(CultureInfo.InvariantCulture, $"planned move: every request meanwhile, of all buckets, as its client saw it, ms ({took.Count})"), took, "0.0"),
        ];
    }

    private static List<double> Phase(IEnumerable<JsonNode> phases, string name) => [.. phases.Select(phase => (double)phase[name]!)];

    private static string[] Row(string what, IReadOnlyCollection<double> values, string format, string aim = "", string isMet = "") =>
        [what, Figures.Text(Figures.Percentile(values, 50), format), Figures.Text(Figures.Percentile(values, 99), format), Figures.Text(Figures.Percentile(values, 100), format), aim, isMet];
}
