using System.Text;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Cluster.Tests.View;

public sealed class ViewBuilderToleranceTests
{
    private const string Uuid = "ff84e1a1-66e2-4f0a-9d2b-0123456789ab";
    private static readonly KeySchema Schema = new();
    private static readonly ViewBuilder Builder = new(Schema);
    private const string Url = """{"local_node_url": "http://10.0.0.1:5000"}""";

    [Fact]
    public void Apply_Registration_IsReadTolerantly()
    {
        var view = Apply(null, Put("dtable-server-01", """
            {"node_url": "https://one.example.com/", "local_node_url": "http://10.0.0.1:80/sub/",
             "start_time": 1700000000.5, "refresh_time": "2026-01-01T00:00:00", "more": {"x": [1]}, }
            """));
        var node = view.Nodes["dtable-server-01"];
        Assert.Equal(new Uri("http://10.0.0.1/sub"), node.LocalUrl);
        Assert.Equal("http://10.0.0.1:80/sub/", node.LocalUrlText);
        Assert.Equal(("https://one.example.com/", "1700000000.5", "2026-01-01T00:00:00"), (node.NodeUrl, node.StartTime, node.RefreshTime));
        Assert.False(node.RegisteredByUs);
        Assert.Equal(2, node.CreateRevision);
    }

    [Fact]
    public void Apply_RegistrationOfOurs_SaysSo() =>
        Assert.True(Apply(null, Put("dtable-server-01", """{"local_node_url": "http://a", "registered_by": "bucketproxy"}""")).Nodes["dtable-server-01"].RegisteredByUs);

    [Theory]
    [InlineData("assign-zz", "dtable-server-01", "00 to ff")]
    [InlineData("assign-0F", "dtable-server-01", "lower case")]
    [InlineData("assign-001", "dtable-server-01", "00 to ff")]
    [InlineData("assign-05", "somebody", "no node id")]
    [InlineData("assign-05", "", "no node id")]
    [InlineData("assign-05", "dtable-server-", "no node id")]
    [InlineData("assign-05", "dtable-server-01\n", "no node id")]
    [InlineData("dtable-server-01", "no json", "no JSON")]
    [InlineData("dtable-server-01", "[]", "JSON object")]
    [InlineData("dtable-server-01", "null", "JSON object")]
    [InlineData("dtable-server-01", "{}", "local_node_url is missing")]
    [InlineData("dtable-server-01", """{"local_node_url": 5000}""", "http://")]
    [InlineData("dtable-server-01", """{"local_node_url": "10.0.0.1:5000"}""", "http://")]
    [InlineData("dtable-server-01", """{"local_node_url": "ftp://10.0.0.1"}""", "http://")]
    [InlineData("dtable-server-01", """{"local_node_url": "http://a/?x=1"}""", "without query")]
    [InlineData("dtable-server-01", """{"local_node_url": "http://user:pw@a/"}""", "http://")]
    [InlineData("dtable-server-01", """{"local_node_url": "\ud800"}""", "Unicode")]
    [InlineData("dtable-server-01", """{"local_node_url": "http://a", "node_url": "\udfff"}""", "Unicode")]
    [InlineData("bucketproxy/moves/05", """{"to": "dtable-server-01", "phase": "dance"}""", "")]
    [InlineData("bucketproxy/moves/05", """{"to": "dtable-server-01", "phase": 77}""", "phase")]
    [InlineData("bucketproxy/moves/05", """{"to": null, "phase": "quiesce"}""", "")]
    [InlineData("bucketproxy/moves/05", """{"to": "x", "phase": "quiesce"}""", "no node id")]
    [InlineData("bucketproxy/moves/05", """{"phase": "quiesce"}""", "")]
    [InlineData("bucketproxy/moves/05", """{"to": "dtable-server-01", "phase": "quiesce", "base": "ff84e1a1"}""", "of bucket ff")]
    [InlineData("bucketproxy/moves/05", """{"to": "dtable-server-01", "phase": "quiesce", "base": "05"}""", "8 or more")]
    [InlineData("bucketproxy/bases/FF84E1A1", "dtable-server-01", "lower case")]
    [InlineData("bucketproxy/bases/ff84e1a1-66e2", "dtable-server-01", "names no base")]
    [InlineData("bucketproxy/proxies/p1", """{"silent": null}""", "")]
    [InlineData("bucketproxy/proxies/p1", """{"silent": {"05": "x"}}""", "")]
    [InlineData("bucketproxy/policy/nodes/dtable-server-01", """{"release": "maybe"}""", "")]
    [InlineData("bucketproxy/nodes/dtable-server-01", """{"localUrl": null}""", "")]
    [InlineData("bucketproxy/leader", """{"instance": null}""", "")]
    [InlineData("bucketproxy/rebalance", "{}", "")]
    [InlineData("bucketproxy/load/p1", "[1]", "")]
    [InlineData("bucketproxy/unclean/05", "5", "")]
    [InlineData("bucketproxy/policy/cluster", "x", "")]
    [InlineData("bucketproxy/policy/pins/ff84e1a1", "nobody", "no node id")]
    public void Apply_ValueThatCannotBe_IsAProblemOfThatKey(string key, string value, string reason)
    {
        var view = Apply(null, Put(key, value));
        var problem = Assert.Single(view.Problems.Values);
        Assert.Equal((key, 2), (problem.Key, problem.ModRevision));
        Assert.Contains(reason, problem.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_BrokenAfterGood_KeepsTheLastGoodUntilMendedOrDeleted()
    {
        var good = Apply(null, Put("dtable-server-01", Url), Put("assign-05", "dtable-server-01"));
        var broken = Apply(good, Put("dtable-server-01", "{"), Put("assign-05", "?"));
        Assert.Equal(["assign-05", "dtable-server-01"], broken.Problems.Keys);
        Assert.Equal(good.Nodes["dtable-server-01"], broken.Nodes["dtable-server-01"]);
        Assert.Equal(good.Assignments[new Bucket(5)], broken.Assignments[new Bucket(5)]);

        var mended = Apply(broken, Put("assign-05", "dtable-server-01"), Put("dtable-server-01", Url));
        Assert.Empty(mended.Problems);
        Assert.True(mended.Assignments[new Bucket(5)].Epoch > broken.Assignments[new Bucket(5)].Epoch);

        var deleted = Apply(broken, Delete("assign-05"), Delete("dtable-server-01"));
        Assert.Empty(deleted.Problems);
        Assert.Empty(deleted.Assignments);
        Assert.Empty(deleted.Nodes);
    }

    [Fact]
    public void Apply_OwnerThatRegistersLater_IsNoProblemAnyMore()
    {
        var view = Apply(null, Put("assign-05", "dtable-server-01"));
        Assert.Single(view.Problems);
        Assert.Empty(Apply(view, Put("dtable-server-01", Url)).Problems);
        Assert.Empty(Apply(view, Put("bucketproxy/nodes/dtable-server-01", """{"localUrl": "http://a", "createRevision": 1}""")).Problems);
        // In one batch the order does not matter.
        Assert.Empty(Apply(null, Put("assign-05", "dtable-server-01"), Put("dtable-server-01", Url)).Problems);
    }

    [Fact]
    public void Apply_KeysThatOnlyBeginLikeOurs_ArePassedOver()
    {
        var view = Apply(null, Put("bucketproxy/leaderboard", "x"), Put("bucketproxy/rebalanced", "x"), Put("bucketproxy/audit/1", "x"));
        Assert.Empty(view.Problems);
        Assert.Null(view.Leader);
        Assert.Null(view.Rebalance);
    }

    [Fact]
    public void Apply_WithAPrefix_ReadsOnlyKeysUnderIt()
    {
        var builder = new ViewBuilder(new KeySchema("east/"));
        var view = builder.Apply(null, 1, 9, [Put("east/dtable-server-01", Url), Put("east/assign-05", "dtable-server-01"), Put("assign-06", "dtable-server-01")]);
        Assert.Equal(["dtable-server-01"], view.Nodes.Keys);
        Assert.Equal([new Bucket(5)], view.Assignments.Keys);
    }

    [Fact]
    public void Apply_RecordsWeWrote_AreReadBack()
    {
        var unclean = new UncleanRecord { Processes = [new UncleanProcess("dtable-server-01", "17", "http://a", 4, "ff84e1a1")] };
        var move = new MoveRecord
        {
            To = "dtable-server-02",
            From = "dtable-server-01",
            Phase = MovePhase.Settling,
            Reason = MoveReason.Pin,
            Epoch = 7,
            Base = Uuid,
            Forced = true,
            StartedAt = DateTimeOffset.UnixEpoch,
            Order = "o1",
        };
        var proxy = new ProxyRecord { Address = "10.0.0.9:5555", OnStoreLoss = StoreLossMode.Fence, LeaseSeconds = 15 };
        proxy = proxy with { Silent = proxy.Silent.Add("ff", 12), Busy = proxy.Busy.Add("05", "GET /"), Left = true };
        var policy = new NodePolicy { Weight = 2.5, Cordoned = true, Release = ReleaseMode.Call, ProcessGone = "*" };
        var order = new RebalanceOrder { Id = "o1", Pending = [new PlannedMoveRecord("05", null, "a", "b", MoveReason.Load)], Done = true };
        var load = new LoadReport { Hottest = [new BaseLoad(Uuid, 5)] };
        load = load with { Buckets = load.Buckets.Add("05", new BucketLoad(1.5, 2, 3)) };
        var view = Apply(
            null,
            Put("bucketproxy/moves/ff", RecordJson.Write(move)),
            Put("bucketproxy/unclean/ff", RecordJson.Write(unclean)),
            Put("bucketproxy/proxies/p1", RecordJson.Write(proxy)),
            Put("bucketproxy/policy/nodes/dtable-server-01", RecordJson.Write(policy)),
            Put("bucketproxy/policy/cluster", RecordJson.Write(new ClusterPolicy { Frozen = true, FrozenReason = "why" })),
            Put("bucketproxy/policy/pins/ff84e1a1", "dtable-server-02"),
            Put($"bucketproxy/bases/{Uuid}", "dtable-server-01"),
            Put("bucketproxy/rebalance", RecordJson.Write(order)),
            Put("bucketproxy/load/p1", RecordJson.Write(load)),
            Put("bucketproxy/leader", RecordJson.Write(new LeaderRecord("m1", "10.0.0.9:5555", 0))),
            Put("bucketproxy/nodes/dtable-server-01", RecordJson.Write(new KnownNode("http://a", "https://b", "17", 4))),
            Put("bucketproxy/alive/p1", ""),
            Put("dtable-server-01", Url));
        Assert.Empty(view.Problems);
        var pin = BasePrefix.Of(BaseId.Parse(Uuid));
        Assert.Equal(
            move with { Bucket = new Bucket(255), Pin = pin, CreateRevision = 2, ModRevision = 2 },
            view.Moves[new Bucket(255)]);
        Assert.Equal(unclean.Processes.ToList(), view.Uncleans[new Bucket(255)].Processes.ToList());
        var read = view.Proxies["p1"];
        Assert.Equal((proxy.Address, proxy.OnStoreLoss, proxy.LeaseSeconds, true), (read.Address, read.OnStoreLoss, read.LeaseSeconds, read.Left));
        Assert.Equal(proxy.Silent, read.Silent);
        Assert.Equal(proxy.Busy, read.Busy);
        Assert.Equal(policy with { ModRevision = 5 }, view.NodePolicies["dtable-server-01"]);
        Assert.Equal((true, "why"), (view.Policy.Frozen, view.Policy.FrozenReason));
        Assert.Equal("dtable-server-02", Assert.Single(view.PinPolicies).Value);
        Assert.Equal(new Grant("dtable-server-01", 8), view.Pins[pin]);
        Assert.Equal(order.Pending.ToList(), view.Rebalance!.Pending.ToList());
        Assert.Equal(new BucketLoad(1.5, 2, 3), view.Loads["p1"].Buckets["05"]);
        Assert.Equal(load.Hottest.ToList(), view.Loads["p1"].Hottest.ToList());
        Assert.Equal(new LeaderRecord("m1", "10.0.0.9:5555", 11), view.Leader);
        Assert.Equal(new KnownNode("http://a", "https://b", "17", 4), view.KnownNodes["dtable-server-01"]);
        Assert.Contains("p1", view.Alive);
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Apply_RandomChangesInAnyBatches_ShowTheLastGoodValueOfEachKey(int seed)
    {
        var random = new Random(seed);
        ClusterView? view = null;
        var good = new SortedDictionary<string, (string Value, long Revision)>(StringComparer.Ordinal);
        var broken = new SortedDictionary<string, long>(StringComparer.Ordinal);
        _revision = 1;
        for (var batch = 0; batch < 40; batch++)
        {
            var changes = Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomChange(random)).ToList();
            foreach (var change in changes)
            {
                if (change.Entry is not { } entry)
                {
                    good.Remove(change.Key);
                    broken.Remove(change.Key);
                }
                else if (entry.Text.StartsWith("dtable-server-", StringComparison.Ordinal))
                {
                    good[change.Key] = (entry.Text, entry.ModRevision);
                    broken.Remove(change.Key);
                }
                else
                {
                    broken[change.Key] = entry.ModRevision;
                }
            }
            view = Builder.Apply(view, 1, _revision, changes);
            var shown = view.Assignments.Select(a => (Schema.Assignment(a.Key), a.Value.Owner, a.Value.Epoch))
                .Concat(view.Pins.Select(p => (Schema.Pin(p.Key), p.Value.Owner, p.Value.Epoch)));
            Assert.Equal(good.Select(g => (g.Key, g.Value.Value, g.Value.Revision)), shown);
            var problems = view.Problems.Values.Where(p => !p.UnknownOwner).ToList();
            Assert.Equal(broken.Select(b => (b.Key, b.Value)), problems.Select(p => (p.Key, p.ModRevision)));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Apply_AnyBytesUnderAnyKey_NeverThrow(int seed)
    {
        var random = new Random(seed);
        string[] keys =
        [
            "dtable-server-01", "assign-05", "bucketproxy/moves/05", "bucketproxy/bases/ff84e1a1", "bucketproxy/unclean/05",
            "bucketproxy/policy/nodes/x", "bucketproxy/policy/pins/ff84e1a1", "bucketproxy/policy/cluster", "bucketproxy/rebalance",
            "bucketproxy/nodes/x", "bucketproxy/proxies/x", "bucketproxy/load/x", "bucketproxy/leader",
        ];
        const string Seedling = """{"to":"dtable-server-01","phase":"quiesce","base":null,"silent":{"05":3},"processes":[{"nodeId":"x"}],"local_node_url":"http://a\u0041","id":"x","weight":1e5,"hottest":[{}],"localUrl":"http://b","instance":"i"}""";
        ClusterView? view = null;
        for (var i = 0; i < 300; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Seedling);
            for (var n = random.Next(4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var part = bytes[..random.Next(bytes.Length + 1)];
            var key = keys[random.Next(keys.Length)];
            _revision++;
            view = Builder.Apply(view, 1, _revision, [new WatchEvent(key, _revision, new StoreEntry(key, random.Next(2) == 0 ? bytes : part, _revision, _revision, 1, 0))]);
            Cluster.View.RoutingTableBuilder.Build(Core.Routing.RoutingTable.Empty, view);
        }
    }

    private long _revision = 1;

    private WatchEvent RandomChange(Random random)
    {
        var key = random.Next(4) == 0
            ? $"bucketproxy/bases/ff84e1a{random.Next(3)}"
            : $"assign-0{random.Next(5)}";
        return random.Next(4) switch
        {
            0 => Delete(key),
            1 => Put(key, "broken"),
            _ => Put(key, $"dtable-server-0{random.Next(3)}"),
        };
    }

    private WatchEvent Put(string key, string value)
    {
        _revision++;
        return new WatchEvent(key, _revision, new StoreEntry(key, Encoding.UTF8.GetBytes(value), _revision, _revision, 1, 0));
    }

    private WatchEvent Delete(string key) => new(key, ++_revision, null);

    private ClusterView Apply(ClusterView? view, params WatchEvent[] changes)
    {
        var next = Builder.Apply(view, 1, _revision, changes);
        Assert.Equal(_revision, next.Revision);
        return next;
    }
}
