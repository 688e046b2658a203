using System.Text.Json.Nodes;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>The same load with figures, the request log and traces on and off.</summary>
internal sealed record TelemetryCost() : Scenario(
    "telemetry", "What telemetry costs",
    "Small GET on 64 kept connections, random bases, through BucketProxy alone: without figures, as installed (figures on), with every request written to a file as well, "
    + "and with one request in a hundred, or every one, traced and sent to a collector. Compared with the first line.")
{
    private readonly HttpThroughput _load = new("", "", "", new Wrk(64, "/rows/?table_name=Table1"));

    public override IReadOnlyList<Metric> Metrics => _load.Metrics;

    public override bool IsOurOwn => true;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) =>
    [
        new BucketProxyKind { Key = "telemetry-off", Name = "Nothing", More = (_, _) => new JsonObject { ["telemetry"] = new JsonObject { ["metrics"] = false } } },
        new BucketProxyKind { Key = "telemetry-default", Name = "Figures (as installed)" },
        new BucketProxyKind
        {
            Key = "telemetry-log",
            Name = "Figures and request log",
            More = (folder, _) => new JsonObject
            {
                ["logging"] = new JsonObject { ["requests"] = true, ["format"] = "json", ["requestFile"] = Path.Combine(folder, "requests.log") },
            },
        },
        Traced(0.01, "1 %"),
        Traced(1, "all"),
    ];

    public override Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration) =>
        _load.RunAsync(workspace, proxy, nodes, duration);

    private static BucketProxyKind Traced(double ratio, string share) => new()
    {
        Key = $"telemetry-traces-{share.Split(' ')[0]}",
        Name = $"Figures and traces of {share}",
        More = (_, collector) => new JsonObject
        {
            ["telemetry"] = new JsonObject
            {
                ["otlp"] = new JsonObject { ["endpoint"] = $"http://127.0.0.1:{collector()}" },
                ["traces"] = new JsonObject { ["ratio"] = ratio },
            },
        },
    };
}
