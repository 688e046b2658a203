using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;

namespace BucketProxy.Tests.Configuration;

public sealed class SettingsLoaderTests
{
    [Fact]
    public void Load_CommentsAndTrailingCommas_AreAllowed()
    {
        var settings = Loading.Good("""
            {
              // where the state lives
              "store": "embedded", /* one machine */
              "nodes": [
                { "id": "dtable-server-01", "local_node_url": "http://10.0.0.4:5000/", "weight": 2.5, "release": "watch", },
              ],
            }
            """);
        Assert.Equal(StoreKind.Embedded, settings.Store);
        var node = Assert.Single(settings.Nodes);
        Assert.Equal(2.5, node.Weight);
        Assert.Equal(ReleaseMode.Watch, node.Release);
        Assert.Equal("http://10.0.0.4:5000/", node.LocalNodeUrl!.OriginalString);
    }

    [Fact]
    public void Load_EnvironmentOverFileAndFlagsOverBoth()
    {
        var loaded = Loading.Layers(
            [("a.json", $$"""{ {{Loading.OneNode}}, "cluster": "from-file", "dataDirectory": "from-file", "instance": "from-file" }""")],
            [("BUCKETPROXY_CLUSTER", "from-environment"), ("BUCKETPROXY_DATA_DIRECTORY", "from-environment")],
            [("cluster", "from-flag")]);
        Assert.Empty(loaded.Errors);
        Assert.Equal(("from-flag", "from-environment", "from-file"),
            (loaded.Settings.Cluster, loaded.Settings.DataDirectory, loaded.Settings.Instance));
    }

    [Fact]
    public void Load_TwoFiles_TheLaterOneCounts()
    {
        var loaded = Loading.Layers(
            [("a.json", $$"""{ {{Loading.OneNode}}, "cluster": "one" }"""), ("b.json", """{ "cluster": "two" }""")], [], []);
        Assert.Empty(loaded.Errors);
        Assert.Equal("two", loaded.Settings.Cluster);
        Assert.Single(loaded.Settings.Nodes);
    }

    [Theory]
    [InlineData("BUCKETPROXY_ETCD__ENDPOINTS", "etcd-01:2379, etcd-02,")]
    [InlineData("bucketproxy_Etcd__Endpoints", "etcd-01:2379,etcd-02")]
    public void Load_ListWithCommasInTheEnvironment_ReplacesTheFilesList(string name, string value)
    {
        var settings = Loading.Good("""{ "store": "etcd", "etcd": { "endpoints": ["old-1", "old-2", "old-3"] } }""", (name, value));
        Assert.Equal<string>(["etcd-01:2379", "etcd-02"], settings.Etcd.Endpoints);
    }

    [Fact]
    public void Load_ListItemsInTheEnvironment_ReplaceTheFilesListWhole()
    {
        var settings = Loading.Good("""
            { "store": "embedded", "nodes": [
              { "id": "dtable-server-01", "local_node_url": "http://one" }, { "id": "dtable-server-02", "local_node_url": "http://two" } ] }
            """,
            ("BUCKETPROXY_NODES__0__ID", "dtable-server-09"), ("BUCKETPROXY_NODES__0__LOCAL_NODE_URL", "http://nine"));
        Assert.Equal("dtable-server-09", Assert.Single(settings.Nodes).Id);
    }

    // Whichever the environment happened to name last would count.
    [Fact]
    public void Load_TwoVariablesForOneSetting_AreRefused() => Assert.Contains(
        "environment: BUCKETPROXY_DATADIRECTORY: says the same setting as BUCKETPROXY_DATA_DIRECTORY; allowed: one of the two.",
        Loading.Errors($$"""{ {{Loading.OneNode}} }""", ("BUCKETPROXY_DATA_DIRECTORY", "a"), ("BUCKETPROXY_DATADIRECTORY", "b")));

    [Theory]
    [InlineData("BUCKETPROXY_ETCD__ENDPOINTS", "a", "BUCKETPROXY_ETCD__ENDPOINTS__0", "environment: BUCKETPROXY_ETCD__ENDPOINTS: \"a\" is given as one text, and so is what it holds; allowed: one of the two.")]
    [InlineData("BUCKETPROXY_PINS", "ff84e1a1=dtable-server-01", "BUCKETPROXY_PINS__00112233", "environment: BUCKETPROXY_PINS: \"ff84e1a1=dtable-server-01\" is given as one text, and so is what it holds; allowed: one of the two.")]
    [InlineData("BUCKETPROXY_PINS__FF84E1A1", "dtable-server-01", "BUCKETPROXY_PINS__FF84E1A1__0", "environment: BUCKETPROXY_PINS__FF84E1A1: \"dtable-server-01\" must be one text.")]
    [InlineData("BUCKETPROXY_MONITOR", "on", "BUCKETPROXY_MONITOR__MODE", "environment: BUCKETPROXY_MONITOR: \"on\" is given, and so is BUCKETPROXY_MONITOR__MODE; allowed: one of the two.")]
    public void Load_TheWholeAndAPartOfIt_AreRefused(string whole, string value, string part, string expected) =>
        Assert.Contains(expected, Loading.Errors("{}", (whole, value), (part, "off")));

    // The list is the environment's: that the file's has an id there does not count.
    [Fact]
    public void Load_AnItemThatLacksWhatAnotherLayersItemHas_IsNamed() => Assert.Contains(
        "nodes[0].id: is missing.",
        Loading.Errors("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "nodes": [{ "id": "dtable-server-01", "local_node_url": "http://a" }] }""", ("BUCKETPROXY_NODES__0__REGISTER", "on")));

    [Fact]
    public void Load_ALineEndInAValue_StaysOneLine() => Assert.Contains(
        "environment: BUCKETPROXY_CLUSTER: \"a\\u000ab\\u001b\" is not allowed; allowed: letters, digits, '-', '_' and '.', at most 64.",
        Loading.Errors($$"""{ {{Loading.OneNode}} }""", ("BUCKETPROXY_CLUSTER", "a\nb\u001b")));

    [Fact]
    public void Load_MapInTheEnvironment_IsReadFromCommas()
    {
        var settings = Loading.Good($$"""{ {{Loading.OneNode}} }""", ("BUCKETPROXY_PINS", "ff84e1a1-66e2=dtable-server-01, 00112233=dtable-server-01"));
        Assert.Equal(["00112233", "ff84e1a1-66e2"], settings.Pins.Keys);
    }

    [Fact]
    public void Load_Shorthand_StandsForTheSectionsMode()
    {
        var settings = Loading.Good("""{ "store": "etcd", "etcd": { "endpoints": "etcd-01" }, "monitor": "off", "placement": "balanced" }""");
        Assert.Equal(MonitorMode.Off, settings.Monitor.Mode);
    }

    [Fact]
    public void Load_ShorthandInTheEnvironment_WinsOverTheFilesSection()
    {
        var settings = Loading.Good(
            """{ "store": "etcd", "etcd": { "endpoints": ["etcd-01"] }, "monitor": { "mode": "on" } }""", ("BUCKETPROXY_MONITOR", "off"));
        Assert.Equal(MonitorMode.Off, settings.Monitor.Mode);
    }

    [Fact]
    public void Load_KubernetesServiceVariables_AreNoSettings() =>
        Loading.Good($$"""{ {{Loading.OneNode}} }""",
            ("BUCKETPROXY_SERVICE_HOST", "10.0.0.1"), ("BUCKETPROXY_SERVICE_PORT_DATA", "5550"), ("BUCKETPROXY_PORT", "tcp://10.0.0.1:5550"),
            ("BUCKETPROXY_PORT_5550_TCP_ADDR", "10.0.0.1"), ("BUCKETPROXY_CONFIG", "x.json"));

    [Fact]
    public void Load_EverythingWrong_IsReportedAtOnceWithKeyValueAndWhatIsAllowed()
    {
        var errors = Loading.Errors("""
            {
              "store": "etcdd",
              "onStoreLoss": "panic",
              "data": { "listen": "nowhere" },
              "nodes": [ { "id": "server-1", "local_node_url": "ftp://x", "weight": 0, "relase": "none" } ],
            }
            """, ("BUCKETPROXY_LOGGING__LEVEL", "loud"));
        Assert.Equal(
        [
            "test.json: nodes[0].relase: is no setting. Did you mean nodes[0].release?",
            "test.json: store: \"etcdd\" is not allowed; allowed: 'embedded' or 'etcd'.",
            "test.json: data.listen: \"nowhere\" is not allowed; allowed: an address to listen on: PORT, *:PORT, IP:PORT, [IPv6]:PORT or localhost:PORT.",
            "test.json: nodes[0].local_node_url: \"ftp://x\" is not allowed; allowed: an http or https address.",
            "test.json: nodes[0].weight: \"0\" is not allowed; allowed: a number, 0.01 to 100.",
            "test.json: onStoreLoss: \"panic\" is not allowed; allowed: 'serve' or 'fence'.",
            "environment: BUCKETPROXY_LOGGING__LEVEL: \"loud\" is not allowed; allowed: 'debug' or 'information' or 'warning' or 'error'.",
            "test.json: nodes[0].id: \"server-1\" is not allowed; allowed: 'dtable-server-' and at least one of: letters, digits, '-', '_', '.'.",
        ], errors);
    }

    [Theory]
    [InlineData("""{ "stoer": "embedded" }""", "test.json: stoer: is no setting. Did you mean store?")]
    [InlineData("""{ "endpoints": ["a"] }""", "test.json: endpoints: is no setting. Did you mean etcd.endpoints?")]
    [InlineData("""{ "etcdEndpoints": ["a"] }""", "test.json: etcdEndpoints: is no setting. Did you mean etcd.endpoints?")]
    [InlineData("""{ "admin": { "tokn": "a" } }""", "test.json: admin.tokn: is no setting. Did you mean admin.token?")]
    [InlineData("""{ "placement": { "zzz": "a" } }""", "test.json: placement.zzz: is no setting. Known here: mode, ranges.")]
    public void Load_UnknownKey_SuggestsTheNearest(string json, string expected) =>
        Assert.Contains(expected, Loading.Errors(json));

    [Fact]
    public void Load_UnknownEnvironmentVariable_IsNamedAsItIsSpelled() =>
        Assert.Contains("environment: BUCKETPROXY_ETCD__ENDPOINT: is no setting. Did you mean etcd.endpoints?",
            Loading.Errors($$"""{ {{Loading.OneNode}} }""", ("BUCKETPROXY_ETCD__ENDPOINT", "a")));

    [Theory]
    [InlineData("""{ "etcd": "here" }""", "test.json: etcd: \"here\" is one value; a section is expected: { … }.")]
    [InlineData("""{ "cluster": { "name": "x" } }""", "test.json: cluster: is a section; text is expected: letters, digits, '-', '_' and '.', at most 64.")]
    [InlineData("""{ "nodes": "a" }""", "test.json: nodes: \"a\" is one value; a list is expected: [ { … }, … ].")]
    [InlineData("""{ "nodes": { "a": {} } }""", "test.json: nodes: is a section; a list is expected: [ { … }, … ].")]
    [InlineData("""{ "pins": { "ff84e1a1": ["a"] } }""", "test.json: pins.ff84e1a1: must be one text.")]
    public void Load_WrongShape_SaysWhichIsExpected(string json, string expected) =>
        Assert.Contains(expected, Loading.Errors(json));

    [Fact]
    public void Load_BadSecret_IsNeverShown()
    {
        var loaded = Loading.File("""{ "admin": { "token": ["hush-hush"] }, "etcd": { "password": "hush-hush" } }""");
        Assert.NotEmpty(loaded.Errors);
        Assert.DoesNotContain(loaded.Errors, e => e.ToString().Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_MissingFile_IsTheOnlyError()
    {
        var loaded = SettingsLoader.Load(["no-such-file.json"], new Dictionary<string, string>(), []);
        Assert.StartsWith("no-such-file.json: cannot be read:", Assert.Single(loaded.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AFlagTwice_IsRefused()
    {
        var loaded = Loading.Layers([("a.json", $$"""{ {{Loading.OneNode}} }""")], [], [("data.holdTime", "30s"), ("Data.HoldTime", "40s")]);
        Assert.Equal(["command line: data.holdTime: is given more than once; allowed: once."], loaded.Errors.Select(e => e.ToString()));
    }
}
