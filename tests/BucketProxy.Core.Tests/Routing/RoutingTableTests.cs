using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using static BucketProxy.Core.Tests.Bases.BaseTestData;

namespace BucketProxy.Core.Tests.Routing;

public sealed class RoutingTableTests
{
    private static RoutingEntry Entry(Bucket bucket, BasePrefix? pin = null) =>
        new() { Bucket = bucket, Pin = pin, State = EntryState.Open };

    private static RoutingTable Table(params string[] pins) => new(
        1, 1, [.. Bucket.All.Select(b => Entry(b))], [.. pins.Select(p => Entry(Pin(p).Bucket, Pin(p)))], []);

    [Fact]
    public void Find_NoPin_IsTheBucketsEntry()
    {
        var table = Table("ff84e1a2", "0f84e1a1");
        Assert.Same(table[Id.Bucket], table.Find(Id));
        foreach (var bucket in Bucket.All)
            Assert.Same(table[bucket], table.Find(BaseId.Parse($"{bucket}000000000000000000000000000000")));
    }

    [Fact]
    public void Find_SeveralPinsCoverTheBase_LongestWins()
    {
        Assert.Equal(Pin("ff84e1a1"), Table("ff84e1a1", "ff84e1a166e3").Find(Id).Pin);
        Assert.Equal(Pin("ff84e1a166e2"), Table("ff84e1a1", "ff84e1a166e2", "ff84e1a166").Find(Id).Pin);
        Assert.Equal(Pin(Uuid), Table("ff84e1a1", Uuid, "ff84e1a166e2").Find(Id).Pin);
    }

    [Fact]
    public void Constructor_EntriesInTheWrongPlace_AreRefused()
    {
        RoutingEntry[] good = [.. Bucket.All.Select(b => Entry(b))];
        Assert.Throws<ArgumentException>(() => new RoutingTable(1, 1, good[1..], [], []));
        Assert.Throws<ArgumentException>(() => new RoutingTable(1, 1, [.. good.Reverse()], [], []));
        Assert.Throws<ArgumentException>(() => new RoutingTable(1, 1, [Entry(new Bucket(0), Pin("00000000")), .. good[1..]], [], []));
    }

    [Fact]
    public void Constructor_CallersArray_IsCopied()
    {
        RoutingEntry[] entries = [.. Bucket.All.Select(b => Entry(b))];
        var table = new RoutingTable(1, 1, entries, [], []);
        var first = entries[0];
        entries[0] = Entry(new Bucket(0));
        Assert.Same(first, table[new Bucket(0)]);
    }

    [Fact]
    public void Empty_HasNoOwnerAnywhere()
    {
        Assert.All(RoutingTable.Empty.Buckets, e => Assert.Equal((EntryState.Unassigned, null), (e.State, e.Owner)));
        Assert.Equal(0, RoutingTable.Empty.Revision);
    }

    [Fact]
    public void DescribesSameAs_AnyPartOfTheGrantChanged_IsAnotherGrant()
    {
        var node = new NodeRecord { Id = "dtable-server-1", LocalUrl = new Uri("http://a/"), LocalUrlText = "http://a/" };
        RoutingEntry Make(int bucket = 1, string? pin = null, EntryState state = EntryState.Open, long epoch = 5, long move = 0, NodeRecord? owner = null) =>
            new() { Bucket = new Bucket((byte)bucket), Pin = pin is null ? null : Pin(pin), State = state, Epoch = epoch, MoveRevision = move, Owner = owner ?? node };
        Assert.True(Make().DescribesSameAs(Make()));
        Assert.False(Make().DescribesSameAs(Make(bucket: 2)));
        Assert.False(Make().DescribesSameAs(Make(pin: "01234567")));
        Assert.False(Make().DescribesSameAs(Make(state: EntryState.Moving)));
        Assert.False(Make().DescribesSameAs(Make(epoch: 6)));
        Assert.False(Make().DescribesSameAs(Make(move: 7)));
        Assert.False(Make().DescribesSameAs(Make(owner: node with { LocalUrl = new Uri("http://b/") })));
        // A node that registers anew at the same address is still who owns it: what is in flight need not be waited for.
        Assert.True(Make().DescribesSameAs(Make(owner: node with { CreateRevision = 9 })));
    }
}
