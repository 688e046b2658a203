using BucketProxy.LoadBench.Loads;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Everything that is measured, in the order of the report.</summary>
internal static class AllScenarios
{
    private const string Answer = "/answer-100k";
    private const string Append = "/batch-append-rows/";
    private const string Echo = "64 websockets for random bases, each sends a frame of 120 bytes, waits for the echo, sends the next.";
    private const string Both =
        "A proxy in front of the clients and one beside the node: BucketProxy and a gate (a server that somebody else runs; an etcd that is not counted), or lean nginx twice. "
        + "CPU and memory are of both. 64 connections, random bases, one node. ";
    private const string Small = "/rows/?table_name=Table1";

    public static IReadOnlyList<Scenario> List { get; } =
    [
        SmallGet(16),
        SmallGet(64) with { WithYarp = true },
        SmallGet(256),
        new HttpThroughput(
            "answer-100k", "Answers of 100 KB", "GET on 64 connections, random bases.", new Wrk(64, Answer)),
        new HttpThroughput(
            "post-64k", "Posts of 64 KB", "POST with a length on 64 connections, random bases; the node reads all of it, then answers.",
            new Wrk(64, Append, BodyBytes: 64 * 1024)) { WithYarp = true },
        new HttpThroughput(
            "download-20m", "Downloads of 20 MB", "GET on 8 connections, random bases.", new Wrk(8, "/download-20m"), InBytes: true),
        new SlowDownloads(),
        new FixedRate(
            "fixed-rate", "Latency at 3,000 requests/s",
            "Small GET, random bases, 64 connections; a request's time counts from when it was due (no coordinated omission).", 3000),
        new WebSocketEcho("ws-echo", "Websocket echo", Echo),
        new WebSocketEchoPaced(),
        new WebSocketOpen(),
        new HttpThroughput(
            "new-connections", "A connection for each request", "Small GET with Connection: close, 64 at a time, random bases.",
            new Wrk(64, Small, NewConnections: true)),
        new HttpThroughput("both-get-64", "Both sides: small GET, 64 connections", Both + "GET of a small answer.", new Wrk(64, Small)) { InChain = true },
        new HttpThroughput("both-post-64k", "Both sides: posts of 64 KB", Both + "POST with a length; the node reads all of it, then answers.", new Wrk(64, Append, BodyBytes: 64 * 1024)) { InChain = true },
        new HttpThroughput("both-answer-100k", "Both sides: answers of 100 KB", Both + "GET.", new Wrk(64, Answer)) { InChain = true },
        new WebSocketEcho("both-ws-echo", "Both sides: websocket echo", Both + Echo) { InChain = true },
        new Growth(),
        new StoreLoad("store-load", (1, 2), (3, 16)),
        new StoreLoad("store-load-64", (10, 64)),
        new TelemetryCost(),
        new EventToRoute(),
    ];

    private static HttpThroughput SmallGet(int connections) => new(
        $"get-{connections}", $"Small GET, {connections} connections",
        $"GET of a small answer on {connections} kept connections, random bases.", new Wrk(connections, Small));
}
