using System.Diagnostics;
using System.Globalization;
using BucketProxy.StoreBench;

// What the embedded store costs, of one build or of several in turns:
//
//   dotnet build -c Release src/BucketProxy
//   dotnet run -c Release --project benchmarks/BucketProxy.StoreBench -- earlier=../earlier/src/BucketProxy/bin/Release/net10.0
//
// Writes benchmarks/results/store.md. Options: --rounds N, --seconds N.
if (args is ["measure", var build, var seconds])
{
    BuildAssemblies.UseThoseOf(build);
    await StoreMeasurement.RunAsync(double.Parse(seconds, CultureInfo.InvariantCulture));
    return 0;
}

var root = Root();
var builds = new Dictionary<string, string> { ["this build"] = Path.Combine(root, "src", "BucketProxy", "bin", "Release", "net10.0") };
var (rounds, length) = (9, "2");
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--rounds")
        rounds = int.Parse(args[++i], CultureInfo.InvariantCulture);
    else if (args[i] == "--seconds")
        length = args[++i];
    else if (args[i].Split('=', 2) is [var name, var folder])
        builds[name] = Path.GetFullPath(folder);
    else
        throw new ArgumentException($"'{args[i]}' is neither an option nor NAME=FOLDER.");
}

var report = new Report(root, builds);
for (var round = 1; round <= rounds; round++)
{
    foreach (var (name, folder) in builds)
    {
        await Console.Error.WriteLineAsync($"round {round} of {rounds}: {name}");
        report.Add(name, await MeasureAsync(folder));
        report.Add(name, await ServeMeasurement.RunAsync(folder));
    }
}
await report.WriteAsync(Path.Combine(root, "benchmarks", "results", "store.md"), rounds, length);
return 0;

// A process of its own: a build can be loaded once.
async Task<List<(string, double)>> MeasureAsync(string folder)
{
    using var process = Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, [.. Self(), "measure", folder, length])
    { RedirectStandardOutput = true })!;
    var figures = new List<(string, double)>();
    while (await process.StandardOutput.ReadLineAsync() is { } line)
    {
        var words = line.Split('=');
        figures.Add((words[0], double.Parse(words[1], CultureInfo.InvariantCulture)));
    }
    await process.WaitForExitAsync();
    return process.ExitCode == 0 ? figures : throw new InvalidOperationException($"Measuring {folder} failed.");
}

static string[] Self() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];

static string Root()
{
    var folder = new DirectoryInfo(AppContext.BaseDirectory);
    while (!File.Exists(Path.Combine(folder.FullName, "BucketProxy.sln")))
        folder = folder.Parent ?? throw new InvalidOperationException("BucketProxy.sln is in no folder above this program.");
    return folder.FullName;
}
