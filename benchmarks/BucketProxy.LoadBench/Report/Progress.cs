using System.Diagnostics;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Report;

/// <summary>One line on the console that says how far it is.</summary>
internal sealed class Progress(int runs)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _done;
    private string _last = "";

    public void Start(string scenario, string proxy, string run)
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        var left = _done == 0 ? "" : $", about {Minutes(elapsed / _done * (runs - _done))} left";
        Line($"[{_done}/{runs}] {Minutes(elapsed)}{left} · {scenario} · {proxy} · {run}{_last}");
    }

    public void End(Sample sample, Metric metric)
    {
        _done++;
        _last = sample[metric] is { } value ? $" · before: {metric.Text(value)} {metric.Name}" : "";
    }

    public void Finish() => Line($"[{_done}/{runs}] done in {Minutes(Stopwatch.GetElapsedTime(_began))}{_last}\n");

    private static void Line(string text)
    {
        if (Console.IsErrorRedirected)
            Console.Error.WriteLine(text);
        else
            Console.Error.Write("\r\u001b[K" + text);
    }

    private static string Minutes(TimeSpan time) => time.ToString(@"m\:ss", System.Globalization.CultureInfo.InvariantCulture);
}
