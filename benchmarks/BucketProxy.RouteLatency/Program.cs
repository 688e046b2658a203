// How long it takes from a put of assign-xx to the route that follows from it: etcd's commit, its watch, our mirror, our table.
//
//   dotnet run -c Release --project benchmarks/BucketProxy.RouteLatency [changes, default 2000]
using System.Diagnostics;
using System.Globalization;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Logging.Abstractions;

var changes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2000;
var keys = new KeySchema();
await using var etcd = await EtcdProcess.StartNewAsync();
var options = EtcdClientOptions.ForEndpoints(etcd.Endpoint);
using var writer = new EtcdClient(options, TimeProvider.System);
for (var node = 1; node <= 3; node++)
    await writer.PutAsync($"dtable-server-{node}", $$"""{"node_url":"http://public/{{node}}","local_node_url":"http://10.0.0.{{node}}:5000"}""");
foreach (var bucket in Bucket.All)
    await writer.PutAsync(keys.Assignment(bucket), "dtable-server-1");

await using var store = new EtcdStore(options, TimeProvider.System, NullLogger<EtcdStore>.Instance);
await using var mirror = new StoreMirror(store, keys, new MirrorOptions(), TimeProvider.System, NullLogger<StoreMirror>.Instance);
var current = new CurrentTable();
using var end = new CancellationTokenSource();
mirror.Start();
var publishing = PublishAsync();
while (current.Table.Revision == 0)
    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);

const int WarmUp = 200;
var answered = new List<double>(changes);
var routed = new List<double>(changes);
for (var i = 0; i < changes + WarmUp; i++)
{
    var bucket = new Bucket((byte)(i * 37));
    var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
    var before = current.Table[bucket].Epoch;
    current.Published += Check;
    var sent = Stopwatch.GetTimestamp();
    var wanted = i % 3 == 0 ? "dtable-server-1" : i % 3 == 1 ? "dtable-server-2" : "dtable-server-3";
    await writer.PutAsync(keys.Assignment(bucket), wanted);
    var acknowledged = Stopwatch.GetTimestamp();
    // The route may be there before the acknowledgement is.
    var at = await seen.Task;
    current.Published -= Check;
    if (i < WarmUp)
        continue;
    answered.Add(Stopwatch.GetElapsedTime(sent, acknowledged).TotalMilliseconds);
    routed.Add(Stopwatch.GetElapsedTime(sent, at).TotalMilliseconds);

    void Check(RoutingTable _, RoutingTable table)
    {
        if (table[bucket].Epoch > before)
            seen.TrySetResult(Stopwatch.GetTimestamp());
    }
}
await end.CancelAsync();
await publishing;

Console.WriteLine($"{changes} changes of assign-xx, one after the other; one etcd, its disk included, on this machine");
Print("put sent to its acknowledgement", answered);
Print("put sent to the new route", routed);
return;

async Task PublishAsync()
{
    ClusterView? seen = null;
    try
    {
        while (true)
        {
            await mirror.ChangedSinceAsync(seen, end.Token);
            seen = mirror.Current!;
            current.Publish(RoutingTableBuilder.Build(current.Table, seen));
        }
    }
    catch (OperationCanceledException)
    {
        // Measured.
    }
}

static void Print(string what, List<double> milliseconds)
{
    milliseconds.Sort();
    var (median, p99) = (milliseconds[milliseconds.Count / 2], milliseconds[(int)(milliseconds.Count * 0.99)]);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-34} median {median,7:0.000} ms   99th {p99,7:0.000} ms   max {milliseconds[^1],7:0.000} ms"));
}
