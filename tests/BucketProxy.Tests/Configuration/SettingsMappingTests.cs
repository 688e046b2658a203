using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Participation;
using BucketProxy.Monitor.Options;
using BucketProxy.Testing;

namespace BucketProxy.Tests.Configuration;

public sealed class SettingsMappingTests
{
    private static readonly BucketProxySettings Defaults = new();

    [Fact]
    public void ToMonitorOptions_Defaults_AreTheMonitorsOwn()
    {
        var own = new MonitorOptions { Instance = "m" };
        var mapped = Defaults.ToMonitorOptions("m", null);
        // Records compare arrays by reference.
        Assert.Equal(own with { Nodes = mapped.Nodes, Placement = mapped.Placement }, mapped);
        Assert.Equal(own.Placement with { Ranges = mapped.Placement.Ranges, Pins = mapped.Placement.Pins }, mapped.Placement);
    }

    /// <summary>What is in flight to a gate's own server may end while the server saves: the fence, which cuts everything, comes after that time.</summary>
    [Fact]
    public void ToGateProxyOptions_Defaults_FencesOnlyWhenTheServerHasHadItsTimeToSave()
    {
        var gate = Defaults.Gate;
        var fence = Defaults.ToGateProxyOptions("g", null, null, []);
        Assert.Equal((gate.LeaseTimeToLive, gate.Margin), (fence.LeaseTimeToLive, fence.FenceMargin));
        Assert.True(fence.FenceMargin < gate.Margin + gate.SaveTime);
    }

    [Fact]
    public void ToProxyAgentOptions_Defaults_AreTheProxysOwn()
    {
        var own = new ProxyAgentOptions { Instance = "p" };
        Assert.Equal(own, Defaults.ToProxyAgentOptions("p", null, null, own.Predecessors));
    }

    [Fact]
    public void ToGatewayOptions_Defaults_AreTheGatewaysOwn()
    {
        var own = new GatewayOptions();
        var mapped = Defaults.ToGatewayOptions();
        Assert.Equal(own.PathPrefixes, mapped.PathPrefixes);
        // How long a stop may take is settled by what stands in front of the process, and by who stops it; a library knows neither.
        Assert.Equal(own with { PathPrefixes = mapped.PathPrefixes, DrainGrace = mapped.DrainGrace, DrainLimit = mapped.DrainLimit }, mapped);
    }

    [Fact]
    public void ToGatewayOptions_Defaults_StopWithinTheTenSecondsOfDockerAndLetALoadBalancerSeeIt()
    {
        var mapped = Defaults.ToGatewayOptions();
        Assert.True(mapped.DrainGrace >= TimeSpan.FromSeconds(2));
        Assert.True(mapped.DrainGrace + mapped.DrainLimit < TimeSpan.FromSeconds(9));
    }

    [Fact]
    public void ToGatewayOptions_EveryDataSetting_IsHandedOver()
    {
        using var certificates = new TestCertificates();
        var changed = Loading.Good($$"""
            { {{Loading.OneNode}}, "nodeNetworks": ["0.0.0.0/0"], "data": {
              "certificateFile": "{{certificates.ServerFile}}", "keyFile": "{{certificates.ServerKeyFile}}",
              "listen": "127.0.0.1:7000", "prefixes": ["/x"], "holdTime": "26s", "holdPerBucket": 1, "holdTotal": 2, "releaseAtOnce": 3,
              "retryAfter": "4s", "maxBodySize": "5MB", "idleTimeout": "6s", "connectTimeout": "7s", "nodeKeepAlive": "8s", "clientKeepAlive": "9s",
              "headersTimeout": "10s", "maxHeaderSize": "11KB", "maxHeaderCount": 99, "maxRequestLine": "12KB", "maxConnections": 13, "readAhead": "14KB",
              "writeAhead": "15KB", "sysInfoTimeout": "16s", "closeSpread": "17s", "nodeRunOut": "2s", "broadcastWait": "3s",
              "drainGrace": "20s", "drainLimit": "21s", "hottestBases": 22, "inlineScheduling": "off",
              "forwarder": "yarp", "nodeHttp2": true } }
            """).ToGatewayOptions();
        var own = new GatewayOptions();
        // A gate's is no setting: it comes from who runs the gate.
        var untouched = typeof(GatewayOptions).GetProperties()
            .Where(p => p.CanWrite && p.Name != nameof(GatewayOptions.Gate) && Equals(p.GetValue(own), p.GetValue(changed))).Select(p => p.Name);
        Assert.Empty(untouched);
        Assert.Equal(("127.0.0.1", 7000, 5L << 20, 14 << 10), (changed.Address, changed.Port, changed.MaxBodyBytes, changed.ReadAheadBytes));
    }

    private const string MinimalGate = "\"roles\": [\"gate\"], \"gate\": { \"node\": \"dtable-server-01\", \"advertise\": \"http://one:5551\"";

    [Fact]
    public void ToGateOptions_Defaults_AreTheGatesOwn()
    {
        var mapped = Loading.Good($$"""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, {{MinimalGate}} } }""").ToGateOptions();
        var own = new GateOptions { Node = "dtable-server-01", Advertise = new Uri("http://one:5551") };
        Assert.Empty(mapped.Command);
        Assert.Equal(own with { Command = mapped.Command }, mapped);
        Assert.Empty(own.Problems());
    }

    [Fact]
    public void ToGateOptions_EveryGateSetting_IsHandedOver()
    {
        var changed = Loading.Good($$"""
            { "store": "etcd", "etcd": { "endpoints": ["a"] }, {{MinimalGate}},
              "server": "http://127.0.0.1:5001", "advertiseNodeUrl": "https://one", "command": ["node", "index.js"], "workingDirectory": "/usr",
              "stopSignal": "SIGINT", "saveTime": "6s", "lateSaveTime": "7s", "leaseTimeToLive": "11s", "margin": "2s", "startTimeout": "60s",
              "release": "call", "releasePath": "/r" } }
            """).ToGateOptions();
        var own = new GateOptions { Node = "x", Advertise = new Uri("http://x") };
        var untouched = typeof(GateOptions).GetProperties().Where(p => Equals(p.GetValue(own), p.GetValue(changed))).Select(p => p.Name);
        Assert.Empty(untouched);
        Assert.Equal(["node", "index.js"], changed.Command);
    }

    [Theory]
    [InlineData("""  """, GateRelease.None)]
    [InlineData(""", "command": "node,index.js" """, GateRelease.Restart)]
    [InlineData(""", "command": "node,index.js", "supervise": "off" """, GateRelease.None)]
    [InlineData(""", "command": "node,index.js", "release": "none" """, GateRelease.None)]
    public void ToGateOptions_WithoutARelease_GoesByWhoRunsTheServer(string more, GateRelease expected) => Assert.Equal(
        expected, Loading.Good($$"""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, {{MinimalGate}} {{more}} } }""").ToGateOptions().Release);

    [Fact]
    public void ToGateDataOptions_IsTheDataPortElsewhere()
    {
        var settings = Loading.Good($$"""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "holdTime": "24s" }, {{MinimalGate}}, "listen": "127.0.0.1:7001" } }""");
        var mapped = settings.ToGateDataOptions();
        Assert.Equal(settings.ToGatewayOptions() with { Address = "127.0.0.1", Port = 7001, PathPrefixes = mapped.PathPrefixes, DrainGrace = TimeSpan.Zero }, mapped with { });
        Assert.Equal(5551, new GateSettings().Listen.Port);
    }

    [Theory]
    [InlineData("margin", "Margin")]
    [InlineData("release", "Release")]
    [InlineData("advertise", "Advertise")]
    [InlineData("path", "ReleasePath")]
    [InlineData("start", "StartTimeout")]
    public void GateOptions_ThatDoNotFit_AreRefused(string fault, string named)
    {
        var good = new GateOptions { Node = "x", Advertise = new Uri("http://x") };
        var options = fault switch
        {
            "margin" => good with { Margin = TimeSpan.FromSeconds(11) },
            "release" => good with { Release = GateRelease.Restart },
            "advertise" => good with { Advertise = good.Server },
            "path" => good with { ReleasePath = "r" },
            _ => good with { StartTimeout = TimeSpan.Zero },
        };
        Assert.StartsWith(named, Assert.Single(options.Problems()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(options.Validate);
    }

    [Fact]
    public void ToMonitorOptions_EveryMonitorSetting_IsHandedOver()
    {
        var changed = Loading.Good($$"""
            { {{Loading.OneNode}}, "nodeNetworks": ["0.0.0.0/0"], "data": { "holdTime": "100s" }, "monitor": {
              "minNodes": 2, "autoRebalance": true, "leaderLease": "12s", "leaderMargin": "4s", "quiesceTimeout": "5s",
              "releaseTimeout": "16s", "settleTime": "3s", "lateSaveTime": "6s", "retryPause": "6s", "retryPauseLimit": "6m", "orderAttempts": 6,
              "parallelMoves": 9, "pingInterval": "4s", "pingTimeout": "5s", "nodeGrace": "11s", "registrationTimeout": "91s",
              "refreshTimeout": "92s", "massLossWindow": "93s", "restTime": "11m", "loadInterval": "11s", "releasePath": "/r",
              "auditRetention": "31d" } }
            """).ToMonitorOptions("m", "http://a");
        var own = new MonitorOptions();
        var untouched = typeof(MonitorOptions).GetProperties().Where(p => p.CanWrite && Equals(p.GetValue(own), p.GetValue(changed))).Select(p => p.Name);
        Assert.Empty(untouched);
    }

    [Fact]
    public void ToMonitorOptions_StaticPlacementNodesAndPins_AreTyped()
    {
        var options = Loading.Good("""
            {
              "store": "embedded",
              "nodes": [
                { "id": "dtable-server-01", "local_node_url": "http://one:5000/x/", "node_url": "https://one", "weight": 2, "release": "restart", "restartCommand": ["systemctl", "restart", "{node}"] },
                { "id": "dtable-server-02", "local_node_url": "http://two" },
              ],
              "placement": { "mode": "static", "ranges": { "0-9": "dtable-server-02", "a-f": "dtable-server-01" } },
              "pins": { "FF84E1A1-66e2": "dtable-server-02" },
            }
            """).ToMonitorOptions("m", null);
        Assert.Equal(
            [new StaticRange(new Bucket(0x00), new Bucket(0x9f), "dtable-server-02"), new StaticRange(new Bucket(0xa0), new Bucket(0xff), "dtable-server-01")],
            options.Placement.Ranges.AsEnumerable());
        Assert.Equal("ff84e1a166e2", Assert.Single(options.Placement.Pins).Pin.ToString());
        Assert.Equal(("http://one:5000/x/", "https://one", 2.0, ReleaseMode.Restart),
            (options.Nodes[0].LocalNodeUrl!, options.Nodes[0].NodeUrl!, options.Nodes[0].Weight, options.Nodes[0].Release!.Value));
        Assert.Equal(["systemctl", "restart", "{node}"], options.Nodes[0].RestartCommand.AsEnumerable());
        Assert.Empty(options.Validate());
    }

    [Fact]
    public void ToEmbeddedStoreOptions_ClusterNames_MakeIdentities()
    {
        var (blue, green) = (new BucketProxySettings { Cluster = "blue" }, new BucketProxySettings { Cluster = "green" });
        Assert.NotEqual(blue.ToEmbeddedStoreOptions().ClusterId, green.ToEmbeddedStoreOptions().ClusterId);
        Assert.Equal(blue.ToEmbeddedStoreOptions().ClusterId, new BucketProxySettings { Cluster = "blue" }.ToEmbeddedStoreOptions().ClusterId);
    }

    [Fact]
    public void ToEtcdClientOptions_PasswordFile_IsReadWithoutItsLineEnd()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "se cret\n");
            var options = Loading.Good($$"""
                { "store": "etcd", "etcd": { "endpoints": ["etcd-01", "http://etcd-02:4000"], "user": "u", "passwordFile": "{{file}}", "callTimeout": "7s" } }
                """).ToEtcdClientOptions();
            Assert.Equal(new BucketProxy.Etcd.EtcdCredentials("u", "se cret"), options.Credentials);
            Assert.Equal(["http://etcd-01:2379", "http://etcd-02:4000"], options.Endpoints.Select(e => e.ToString()));
            Assert.Equal(TimeSpan.FromSeconds(7), options.CallTimeout);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
