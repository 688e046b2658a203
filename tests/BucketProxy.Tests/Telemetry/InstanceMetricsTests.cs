using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Bases;
using BucketProxy.Telemetry;

namespace BucketProxy.Tests.Telemetry;

public sealed class InstanceMetricsTests
{
    [Fact]
    public async Task Scrape_WhatIsGone_GoesToZeroAndDoesNotStay()
    {
        var instance = new SeenInstance();
        await using var telemetry = await TelemetryAsync(instance);
        instance.See(View(1, "dtable-server-01", "dtable-server-02"));
        instance.Desk.CurrentAlarms = [new AlarmReport("suspect-node", "dtable-server-01", "", ""), new AlarmReport("suspect-node", "dtable-server-02", "", "")];
        instance.Desk.CurrentStandings["dtable-server-01"] = "suspect";
        var before = await LinesAsync(telemetry);
        Assert.Equal("128", before["""bucketproxy_node_buckets{node="dtable-server-02"}"""]);
        Assert.Equal("2", before["""bucketproxy_alarms{kind="suspect-node"}"""]);
        Assert.Equal("1", before["""bucketproxy_nodes{standing="suspect"}"""]);

        instance.See(View(2, "dtable-server-01"));
        instance.Desk.CurrentAlarms = [];
        instance.Desk.CurrentStandings.Clear();

        var after = await LinesAsync(telemetry);
        Assert.Equal("256", after["""bucketproxy_node_buckets{node="dtable-server-01"}"""]);
        Assert.Equal("0", after["""bucketproxy_node_buckets{node="dtable-server-02"}"""]);
        Assert.Equal("0", after["""bucketproxy_alarms{kind="suspect-node"}"""]);
        Assert.Equal("0", after["""bucketproxy_nodes{standing="suspect"}"""]);
    }

    [Fact]
    public async Task Scrape_StoreNeverRead_AgeCountsFromTheStartAndNothingIsReady()
    {
        var instance = new SeenInstance();
        await using var telemetry = await TelemetryAsync(instance);
        instance.Time.Advance(TimeSpan.FromSeconds(42));

        var page = await LinesAsync(telemetry);

        Assert.Equal("42", page["bucketproxy_table_age_seconds{}"]);
        Assert.Equal("0", page["bucketproxy_table_revision{}"]);
        Assert.Equal("0", page["bucketproxy_ready{}"]);
        Assert.Equal("0", page["bucketproxy_store_connected{}"]);
        Assert.Equal("256", page["""bucketproxy_buckets{state="unassigned"}"""]);
        Assert.Equal("0", page["""bucketproxy_lease_remaining_seconds{lease="proxy"}"""]);
        Assert.Equal("0", page["""bucketproxy_lease_remaining_seconds{lease="leader"}"""]);
    }

    [Fact]
    public async Task Scrape_MonitorIsOff_NoLeaseOfALeader()
    {
        var instance = new SeenInstance(new BucketProxySettings { Monitor = new MonitorSettings { Mode = MonitorMode.Off } });
        await using var telemetry = await TelemetryAsync(instance);
        Assert.DoesNotContain("""bucketproxy_lease_remaining_seconds{lease="leader"}""", (await LinesAsync(telemetry)).Keys);
    }

    [Fact]
    public async Task Scrape_UnevenBucketsAndLoad_ByWeightWithoutNodesThatAreEmptied()
    {
        var instance = new SeenInstance();
        await using var telemetry = await TelemetryAsync(instance);
        var view = View(1, "dtable-server-01", "dtable-server-02");
        view = view with
        {
            NodePolicies = view.NodePolicies.Add("dtable-server-01", new NodePolicy { Weight = 3 }),
            Loads = view.Loads.Add("p1", new LoadReport { Buckets = new LoadReport().Buckets.Add("00", new BucketLoad(30, 0, 0)).Add("01", new BucketLoad(10, 0, 0)) }),
        };
        foreach (var node in view.Nodes.Keys)
            instance.Desk.CurrentStandings[node] = "live";
        instance.See(view);

        var page = await LinesAsync(telemetry);

        // 128 of 256 buckets on a quarter of the weight; 10 of 40 requests on it.
        Assert.Equal("2", page["""bucketproxy_planner_imbalance_ratio{of="buckets"}"""]);
        Assert.Equal("1", page["""bucketproxy_planner_imbalance_ratio{of="load"}"""]);
    }

    private static async Task<ToldInstance> TelemetryAsync(SeenInstance instance)
    {
        var telemetry = await ToldInstance.StartAsync(instance.Settings, instance.Time);
        InstanceMetrics.Make(telemetry.Telemetry, instance.Context, instance.Parts, instance.Time);
        return telemetry;
    }

    private static async Task<Dictionary<string, string>> LinesAsync(ToldInstance telemetry) => (await telemetry.ScrapeAsync())
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#')
        .ToDictionary(l => l[..l.LastIndexOf(' ')], l => l[(l.LastIndexOf(' ') + 1)..]);

    // Buckets in turns.
    private static ClusterView View(long revision, params string[] nodes)
    {
        var view = new ClusterView { ClusterId = 1, Revision = revision };
        return view with
        {
            Nodes = view.Nodes.AddRange(nodes.Select(n => KeyValuePair.Create(
                n, new Core.Nodes.NodeRecord { Id = n, LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1" }))),
            Assignments = view.Assignments.AddRange(Bucket.All.Select(b => KeyValuePair.Create(b, new Grant(nodes[b.Index % nodes.Length], 1)))),
        };
    }
}
