using System.Text;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Cluster.Tests.View;

public class ViewBuilderTests
{
    private static readonly KeySchema Keys = new();
    private readonly ViewBuilder _builder = new(Keys);
    private long _revision = 1;
    private ClusterView? _view;

    private ClusterView Put(string key, string value) => Apply(new WatchEvent(key, ++_revision,
        new StoreEntry(key, Encoding.UTF8.GetBytes(value), _revision, _revision, 1, 0)));

    private ClusterView Delete(string key) => Apply(new WatchEvent(key, ++_revision, null));

    private ClusterView Apply(params WatchEvent[] events) => _view = _builder.Apply(_view, 7, _revision, events);

    private ClusterView Node(string id = "dtable-server-01", string url = "http://10.0.0.1:5000/") =>
        Put(id, $$"""{"node_url": "https://x.example.com/", "local_node_url": "{{url}}", "start_time": 1700000000.5}""");

    [Fact]
    public void Put_Registration_IsReadWithNumbersAsText()
    {
        var node = Node().Nodes["dtable-server-01"];
        Assert.Equal(new Uri("http://10.0.0.1:5000"), node.LocalUrl);
        Assert.Equal("http://10.0.0.1:5000/", node.LocalUrlText);
        Assert.Equal("1700000000.5", node.StartTime);
        Assert.False(node.RegisteredByUs);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"local_node_url": "ftp://10.0.0.1/"}""")]
    [InlineData("""{"local_node_url": "/just/a/path"}""")]
    [InlineData("""{"local_node_url": "http://user:word@10.0.0.1/"}""")]
    public void Put_BrokenRegistration_IsAProblemAndTheLastGoodOneStays(string value)
    {
        Node();
        var view = Put("dtable-server-01", value);
        Assert.Equal(new Uri("http://10.0.0.1:5000"), view.Nodes["dtable-server-01"].LocalUrl);
        Assert.Equal(_revision, view.Problems["dtable-server-01"].ModRevision);
    }

    [Fact]
    public void Put_GoodValueAfterABrokenOne_EndsTheProblem()
    {
        Put("dtable-server-01", "nonsense");
        Assert.Empty(Node().Problems);
    }

    [Theory]
    [InlineData("assign-zz", "dtable-server-01")]
    [InlineData("assign-0F", "dtable-server-01")]
    [InlineData("assign-0f0", "dtable-server-01")]
    [InlineData("assign-0f", "somebody")]
    [InlineData("assign-0f", "dtable-server-")]
    [InlineData("assign-0f", "dtable-server-01\n")]
    [InlineData("assign-0f", "")]
    public void Put_BrokenAssignment_IsAProblemAndTheLastGoodOneStays(string key, string value)
    {
        Node();
        var epoch = Put("assign-0f", "dtable-server-01").Assignments[new Bucket(0x0f)].Epoch;
        var view = Put(key, value);
        Assert.Equal(new Grant("dtable-server-01", epoch), view.Assignments[new Bucket(0x0f)]);
        Assert.Single(view.Assignments);
        Assert.True(view.Problems.ContainsKey(key));
    }

    [Fact]
    public void Put_OwnerNobodyEverHeardOf_IsOneProblemForAllItsBuckets_UntilItRegisters()
    {
        foreach (var bucket in Bucket.All)
            Put(Keys.Assignment(bucket), "dtable-server-09");
        var problem = Assert.Single(_view!.Problems).Value;
        Assert.Contains("assign-00 and 255 more keys", problem.Reason, StringComparison.Ordinal);
        Assert.Empty(Node("dtable-server-09").Problems);
    }

    [Fact]
    public void Delete_RegistrationOfAnOwnerThatIsStillKnown_IsNoProblem()
    {
        Node();
        Put("assign-0f", "dtable-server-01");
        Put(Keys.KnownNode("dtable-server-01"), RecordJson.Write(new KnownNode("http://10.0.0.1:5000/", null, null, 2)));
        var view = Delete("dtable-server-01");
        Assert.Empty(view.Nodes);
        Assert.Empty(view.Problems);
    }

    [Fact]
    public void Put_MoveOfABaseOfAnotherBucket_IsAProblem()
    {
        var view = Put(Keys.Move(new Bucket(0x0f)), RecordJson.Write(new MoveRecord
        {
            Base = "aa84e1a1-66e2-4f0e-9d2a-1c5b7e9f0a11",
            To = "dtable-server-02",
            Phase = MovePhase.Quiesce,
        }));
        Assert.Empty(view.Moves);
        Assert.Single(view.Problems);
    }

    [Fact]
    public void Put_Move_CarriesTheRevisionThatNamesIt()
    {
        var move = Put(Keys.Move(new Bucket(0xff)), RecordJson.Write(new MoveRecord
        {
            Base = "ff84e1a1",
            From = "dtable-server-01",
            To = "dtable-server-02",
            Phase = MovePhase.Release,
        })).Moves[new Bucket(0xff)];
        Assert.Equal(_revision, move.CreateRevision);
        Assert.Equal("ff84e1a1", move.Pin.ToString());
        Assert.Equal(MovePhase.Release, move.Phase);
    }

    [Fact]
    public void Put_OfSomebodyElse_ChangesNothing()
    {
        var before = Node();
        var after = Put("other/thing", "x");
        Assert.Equal(before with { Revision = after.Revision }, after);
    }

    [Fact]
    public void Delete_EveryKey_LeavesAnEmptyView()
    {
        string[] own = [Keys.Proxy("p"), Keys.Alive("p"), Keys.Load("p"), Keys.NodePolicy("dtable-server-01"), Keys.ClusterPolicy, Keys.Unclean(new Bucket(1))];
        Node();
        Put("assign-0f", "dtable-server-01");
        Put(Keys.Pin(Prefix("ff84e1a1")), "dtable-server-01");
        Put(Keys.PinPolicy(Prefix("ff84e1a1")), "dtable-server-01");
        Put(Keys.Leader, """{"instance": "m"}""");
        foreach (var key in own)
            Put(key, "{}");
        Assert.Empty(_view!.Problems);
        Assert.Equal("m", _view.Leader!.Instance);
        foreach (var key in (string[])["dtable-server-01", "assign-0f", Keys.Pin(Prefix("ff84e1a1")), Keys.PinPolicy(Prefix("ff84e1a1")), Keys.Leader, .. own])
            Delete(key);
        Assert.Equivalent(new ClusterView { ClusterId = 7, Revision = _revision }, _view, strict: true);
    }

    private static BasePrefix Prefix(string text) => BasePrefix.TryParse(text, out var prefix) ? prefix : throw new FormatException(text);
}
