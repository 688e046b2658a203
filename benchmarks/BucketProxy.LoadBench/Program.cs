using System.CommandLine;
using BucketProxy.LoadBench;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;
using BucketProxy.LoadBench.Report;
using BucketProxy.LoadBench.Scenarios;

// The servers behind the proxies run in a process of their own, which is this program again.
if (args is [RawServer.Command, .. var ports])
    return await RawServer.RunAsync(ports);

var rounds = new Option<int>("--rounds") { Description = "Rounds, of which the median counts.", DefaultValueFactory = _ => 5 };
var seconds = new Option<int>("--seconds") { Description = "Length of one run.", DefaultValueFactory = _ => 3 };
var warmUp = new Option<int>("--warm-up") { Description = "Length of the run before the first round: what is compiled as it runs must have been. A tenth of it for nginx and HAProxy.", DefaultValueFactory = _ => 20 };
var only = new Option<string>("--only") { Description = "Scenarios, with commas; see --list." };
var proxies = new Option<string>("--proxies") { Description = "Proxies, with commas; see --list. Those of --also and --set come besides." };
var also = new Option<string[]>("--also") { Description = "Another build of this program, by its bucketproxy.dll; repeatable.", HelpName = "NAME=PATH" };
var set = new Option<string[]>("--set") { Description = "This build once more, with a setting; repeatable.", HelpName = "KEY=VALUE" };
var port = new Option<int>("--port") { Description = "First of the ports to use.", DefaultValueFactory = _ => 31000 };
var others = new Option<double>("--others") { Description = "Percent of the machine that others may take; a run with more is repeated, three times at most.", DefaultValueFactory = _ => 3 };
var output = new Option<string>("--output") { Description = "File to write. Default: benchmarks/results/side-by-side.md, or partial.md with --only, --proxies, --also or --set." };
var list = new Option<bool>("--list") { Description = "Show scenarios and proxies." };

var command = new RootCommand("Measures BucketProxy side by side with nginx, HAProxy and plain YARP.")
{
    rounds, seconds, warmUp, only, proxies, also, set, port, others, output, list,
};
command.SetAction(async parsed =>
{
    try
    {
        return await RunAsync(parsed);
    }
    catch (ArgumentException e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }
});
return await command.Parse(args).InvokeAsync();

async Task<int> RunAsync(ParseResult parsed)
{
    if (parsed.GetValue(list))
    {
        foreach (var scenario in AllScenarios.List)
            Console.WriteLine($"{scenario.Key,-18} {scenario.Title}{(scenario.IsOnlyByName ? " (by --only alone)" : "")}");
        Console.WriteLine();
        foreach (var proxy in Contenders.Usual)
            Console.WriteLine($"{proxy.Key,-18} {proxy.Name}");
        return 0;
    }
    BucketProxyKind[] more =
    [
        .. (parsed.GetValue(also) ?? []).Select(Contenders.Build), .. (parsed.GetValue(set) ?? []).Select(Contenders.Set),
    ];
    var options = new BenchOptions(
        parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
        Names(parsed.GetValue(only), AllScenarios.List.Select(s => s.Key)), Names(parsed.GetValue(proxies), Contenders.Usual.Select(p => p.Key)),
        parsed.GetValue(port), parsed.GetValue(output))
    {
        MostOthers = parsed.GetValue(others),
    };
    using var workspace = new Workspace(options.FirstPort);
    var file = options.Output ?? Path.Combine(
        workspace.Benchmarks, "results", options.Only.Length + options.Proxies.Length + more.Length > 0 ? "partial.md" : "side-by-side.md");
    IProxyKind[] chosen = [.. Contenders.Usual.Where(p => options.Proxies.Length == 0 || options.Proxies.Contains(p.Key)), .. more];
    var builds = chosen.OfType<BucketProxyKind>().Select(b => $"{b.Name} {(b.Build ?? BucketProxyKind.BuildOf(workspace)).Version()}");
    var report = new MarkdownReport(file, Machine.Look(workspace.Root, [.. builds], ("nginx", "-v"), ("haproxy", "-v"), ("wrk", "-v")), options);
    var bench = new Bench(workspace, options, report, chosen);
    await bench.RunAsync([.. AllScenarios.List.Where(s => options.Only.Length == 0 ? !s.IsOnlyByName : options.Only.Contains(s.Key))]);
    Console.Write(report.Summary());
    Console.WriteLine(file);
    return 0;
}

static string[] Names(string? text, IEnumerable<string> known)
{
    var names = text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
    return names.Except(known).ToArray() is [var unknown, ..]
        ? throw new ArgumentException($"'{unknown}' is not known; known are {string.Join(", ", known)}.")
        : names;
}
