using BucketProxy.LoadBench.Loads;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Everything that is measured, in the order of the report.</summary>
internal static class AllScenarios
{
    private const string Small = "/rows/?table_name=Table1";

    public static IReadOnlyList<Scenario> List { get; } =
    [
        SmallGet(16),
        SmallGet(64),
        SmallGet(256),
        new HttpThroughput(
            "answer-100k", "Answers of 100 KB", "GET on 64 connections, random bases.", new Wrk(64, "/answer-100k")),
        new HttpThroughput(
            "post-64k", "Posts of 64 KB", "POST with a length on 64 connections, random bases; the node reads all of it, then answers.",
            new Wrk(64, "/batch-append-rows/", BodyBytes: 64 * 1024)),
        new HttpThroughput(
            "download-20m", "Downloads of 20 MB", "GET on 8 connections, random bases.", new Wrk(8, "/download-20m"), InBytes: true),
        new FixedRate(
            "fixed-rate", "Latency at 3,000 requests/s",
            "Small GET, random bases, 64 connections; a request's time counts from when it was due (no coordinated omission).", 3000),
        new WebSocketEcho(),
        new IdleWebSockets(),
        new HttpThroughput(
            "new-connections", "A connection for each request", "Small GET with Connection: close, 64 at a time, random bases.",
            new Wrk(64, Small, NewConnections: true)),
        new Growth(),
        new TelemetryCost(),
        new EventToRoute(),
    ];

    private static HttpThroughput SmallGet(int connections) => new(
        $"get-{connections}", $"Small GET, {connections} connections",
        $"GET of a small answer on {connections} kept connections, random bases.", new Wrk(connections, Small));
}
