using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using BucketProxy.GateBench;
using BucketProxy.GateBench.Moving;
using BucketProxy.GateBench.Reporting;
using BucketProxy.GateBench.Requests;
using BucketProxy.GateBench.Throughput;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;
using BucketProxy.LoadBench.Report;

var only = new Option<string>("--only") { Description = "Parts, with commas: " + string.Join(", ", GateBenchOptions.AllParts) + "." };
var cycles = new Option<int>("--cycles") { Description = "How often a node is drained and gets its share back.", DefaultValueFactory = _ => 6 };
var kills = new Option<int>("--kills") { Description = "How many servers are killed.", DefaultValueFactory = _ => 5 };
var hosts = new Option<int>("--hosts") { Description = "How many machines are lost.", DefaultValueFactory = _ => 3 };
var rounds = new Option<int>("--rounds") { Description = "Rounds of what takes turns, of which the median counts.", DefaultValueFactory = _ => 5 };
var seconds = new Option<double>("--seconds") { Description = "Length of one run of what takes turns.", DefaultValueFactory = _ => 3 };
var warmUp = new Option<double>("--warm-up") { Description = "Length of the run before the first round.", DefaultValueFactory = _ => 6 };
var rate = new Option<int>("--rate") { Description = "Rows a second while buckets move.", DefaultValueFactory = _ => 200 };
var seed = new Option<int>("--seed") { Description = "Decides the bases.", DefaultValueFactory = _ => 1 };
var earlier = new Option<string>("--earlier") { Description = "The bucketproxy.dll of the last build before there were gates, for 'throughput'.", HelpName = "PATH" };
var port = new Option<int>("--port") { Description = "First of the ports of the servers that do next to nothing.", DefaultValueFactory = _ => 31000 };
var directory = new Option<string>("--directory") { Description = "Where logs, journals and storage stay." };
var output = new Option<string>("--output") { Description = "Where to write the tables besides, as Markdown.", HelpName = "FILE" };

var command = new RootCommand("Measures what a gate costs, and how fast buckets of servers behind gates move. Exit code 1: a request failed that nothing excuses, a row was lost, or it could not be measured.")
{
    only, cycles, kills, hosts, rounds, seconds, warmUp, rate, seed, earlier, port, directory, output,
};
command.SetAction(async parsed =>
{
    var parts = parsed.GetValue(only)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [.. GateBenchOptions.AllParts];
    if (parts.Except(GateBenchOptions.AllParts).FirstOrDefault() is { } unknown)
        return Refuse($"'{unknown}' is not known; known are {string.Join(", ", GateBenchOptions.AllParts)}.");
    if (parts.Contains("throughput") && !File.Exists(parsed.GetValue(earlier)))
        return Refuse($"--earlier '{parsed.GetValue(earlier)}' is no file; it is to be the bucketproxy.dll of an earlier build. Without one, leave 'throughput' out with --only.");
    if (new[] { parsed.GetValue(cycles), parsed.GetValue(kills), parsed.GetValue(hosts), parsed.GetValue(rounds), parsed.GetValue(rate) }.Min() < 1)
        return Refuse("--cycles, --kills, --hosts, --rounds and --rate are at least 1; leave a part out with --only.");
    var options = new GateBenchOptions
    {
        Parts = parts,
        Cycles = parsed.GetValue(cycles),
        Kills = parsed.GetValue(kills),
        Hosts = parsed.GetValue(hosts),
        Rounds = parsed.GetValue(rounds),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
        Rate = parsed.GetValue(rate),
        Seed = parsed.GetValue(seed),
        Earlier = parsed.GetValue(earlier),
        Directory = parsed.GetValue(directory),
    };
    using var workspace = new Workspace(parsed.GetValue(port));
    return await RunAsync(options, workspace, parsed.GetValue(output));
});
return await command.Parse(args).InvokeAsync();

static async Task<int> RunAsync(GateBenchOptions options, Workspace workspace, string? output)
{
    var began = Stopwatch.GetTimestamp();
    var machine = Machine.Look(workspace.Root, [$"this build {BucketProxyKind.BuildOf(workspace).Version()}"], ("etcd", "--version"), ("nginx", "-v"), ("wrk", "-v"));
    var report = new GateBenchReport(machine, options, output);
    try
    {
        if (options.Parts.Intersect(["moves", "kills", "hosts"]).Any())
            await report.AddAsync(await MovingPart.MeasureAsync(options, Tell));
        if (options.Parts.Contains("requests"))
            await report.AddAsync(await RequestCost.MeasureAsync(options, workspace, Tell));
        if (options.Parts.Contains("throughput"))
            await report.AddAsync(await EarlierBuild.MeasureAsync(options, workspace, machine, Tell));
    }
    catch (Exception e) when (e is TimeoutException or HttpRequestException or InvalidOperationException or InvalidDataException or System.Net.Sockets.SocketException)
    {
        Console.Error.WriteLine($"FAILED: {e}");
        return 1;
    }
    Tell(report.IsSound ? "done" : "FAILED: see the faults in the tables");
    return report.IsSound ? 0 : 1;

    void Tell(string line) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(began).TotalSeconds,6:F1} s] {line}"));
}

static int Refuse(string why)
{
    Console.Error.WriteLine(why);
    return 2;
}
