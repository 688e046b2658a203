using System.Globalization;
using Spectre.Console;

namespace BucketProxy.Demo;

/// <summary>One look at everything.</summary>
/// <param name="Traffic">What clients saw.</param>
/// <param name="Nodes">For each node what it counts (null: stopped), and how many buckets it owns.</param>
/// <param name="Moving">Buckets that move right now.</param>
/// <param name="Moved">Buckets that changed owner so far.</param>
internal sealed record DemoLine(
    TrafficCount Traffic, IReadOnlyList<((int Bases, int Sockets, long Operations)? Load, int Buckets)> Nodes, int Moving, long Moved);

/// <summary>Prints a line a second: readable in a terminal, in a pipe and in a log.</summary>
internal sealed class DemoScreen(IAnsiConsole console, TimeProvider time, Func<Task<DemoLine>> look)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly long _since = time.GetTimestamp();
    private long _requests;

    /// <summary>Says what happens now.</summary>
    public void Say(string what)
    {
        if (console.Profile.Out.IsTerminal)
            console.MarkupLineInterpolated($"[yellow]{Clock()}  {what}[/]");
        else
            Line($"{Clock()}  {what}");
    }

    /// <summary>Shows until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Line("   time   req/s  failed  sockets  came back   buckets (moving)       bases in memory");
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Show(await look());
        }
    }

    private void Show(DemoLine line)
    {
        var traffic = line.Traffic;
        var rate = traffic.Requests - _requests;
        _requests = traffic.Requests;
        var buckets = string.Join(' ', line.Nodes.Select(n => n.Buckets.ToString(CultureInfo.InvariantCulture).PadLeft(3)));
        var bases = string.Join(' ', line.Nodes.Select(n => (n.Load?.Bases.ToString(CultureInfo.InvariantCulture) ?? "off").PadLeft(4)));
        Line(string.Create(CultureInfo.InvariantCulture,
            $"{Clock()}  {rate,6}  {traffic.Failed,6}  {traffic.Sockets,7}  {traffic.Reconnects,9}   {buckets} ({line.Moving,2})       {bases}"));
    }

    // As it is: a line that is wrapped at the width of some terminal cannot be read from a log.
    private void Line(string line) => console.Profile.Out.Writer.WriteLine(line);

    private string Clock() => time.GetElapsedTime(_since).ToString(@"mm\:ss\.f", CultureInfo.InvariantCulture);
}
