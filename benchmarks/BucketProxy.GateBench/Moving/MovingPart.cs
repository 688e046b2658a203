using BucketProxy.GateBench.Cluster;
using BucketProxy.GateBench.Reporting;

namespace BucketProxy.GateBench.Moving;

/// <summary>How fast buckets of gated servers move, as ordered and after losses; and that nothing is lost meanwhile.</summary>
internal static class MovingPart
{
    // The product's defaults: gate.lateSaveTime, gate.leaseTimeToLive, gate.margin.
    private const double LateSave = 5;
    private const double Lease = 20;
    private const double Margin = 1;
    private const double NoticeAim = 3;

    public static async Task<Section> MeasureAsync(GateBenchOptions options, Action<string> tell)
    {
        var rows = new List<IReadOnlyList<string>>();
        tell("moves: the cluster starts");
        await using var scene = await GateScene.StartAsync(options);
        if (options.Parts.Contains("moves"))
            rows.AddRange(await PlannedMoves.MeasureAsync(scene, options.Cycles, tell));
        var losses = new Losses(scene, tell);
        if (options.Parts.Contains("kills"))
            rows.AddRange(Rows("server killed", await losses.KillServersAsync(options.Kills), NoticeAim + LateSave, NoticeAim, "its gate says so"));
        if (options.Parts.Contains("hosts"))
            rows.AddRange(Rows("machine lost", await losses.LoseHostsAsync(options.Hosts), Lease + Margin + LateSave, Lease + Margin, "its lease has ended"));
        tell("moves: the checker judges");
        var (faults, verdict) = await scene.JudgeAsync();
        return new Section(
            "How fast buckets move",
            FormattableString.Invariant($"""
            Three servers behind gates that release by `call`, two proxies, a monitor, one etcd member; {options.Rate} rows a second to {options.Bases} bases, sent when due, also while others are held. Settings are the defaults, but
            `gate.release`, `monitor.minNodes` and, for stops only, `data.drainGrace`; so `gate.leaseTimeToLive` is {Lease:0} s and `gate.lateSaveTime` {LateSave:0} s. Servers are stand-ins that save on demand and log each operation. {verdict}
            """),
            ["", "median", "99 %", "longest", "aim", "met"], rows)
        {
            Faults = faults,
        };
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(string what, IReadOnlyList<Loss> losses, double aim, double aimBefore, string how)
    {
        yield return Row($"{what}: until a base answers again, through a proxy, s ({losses.Count} times, {losses.Count(l => l.Elsewhere)} of them at another server)", l => l.Answered, aim);
        yield return Row("– without the late-save time, s", l => l.Answered - LateSave, aimBefore);
        yield return Row($"– until {how}, s", l => l.Noticed);
        yield return Row("– then until there is another owner, s", l => l.Granted - l.Noticed);
        yield return Row("– then until it opens: the late-save time, s", l => l.Opened - l.Granted);
        yield return Row("– then until the first answer, s", l => l.Answered - l.Opened);
        yield return Row(FormattableString.Invariant($"{what}: until the last of its buckets is open again, s ({losses.Select(l => l.Buckets).DefaultIfEmpty().Min()} to {losses.Select(l => l.Buckets).DefaultIfEmpty().Max()} buckets)"), l => l.LastOpened);

        IReadOnlyList<string> Row(string text, Func<Loss, double> figure, double? its = null)
        {
            double[] values = [.. losses.Select(figure)];
            var median = LoadBench.Measuring.Spread.Of(values)?.Median;
            return [text, Figures.Text(median, "0.00"), "", Figures.Text(Figures.Percentile(values, 100), "0.00"),
                its is { } a ? "≤ " + Figures.Text(a, "0") : "", its is { } limit ? Figures.IsMet(median, limit) : ""];
        }
    }
}
