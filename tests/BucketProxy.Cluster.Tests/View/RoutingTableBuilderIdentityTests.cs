using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Cluster.Tests.View;

public sealed class RoutingTableBuilderIdentityTests
{
    private static readonly Bucket Five = new(5);
    private static readonly BasePrefix Pin = Prefix("05aaaaaa");
    private static readonly BaseId Pinned = BaseId.Parse("05aaaaaa-0000-0000-0000-000000000000");
    private static readonly BaseId Unpinned = BaseId.Parse("05bbbbbb-0000-0000-0000-000000000000");

    [Fact]
    public void Build_Assignments_AreOpenToTheirOwners()
    {
        var table = Build(View(7).With(Five, 1, epoch: 4));
        Assert.Equal((1ul, 7), (table.ClusterId, table.Revision));
        var entry = table[Five];
        Assert.Equal((EntryState.Open, "dtable-server-01", 4, 0), (entry.State, entry.Owner?.Id, entry.Epoch, entry.MoveRevision));
        Assert.Equal(EntryState.Unassigned, table[new Bucket(6)].State);
    }

    [Fact]
    public void Build_NothingOfABucketChanged_KeepsTheObject()
    {
        var before = Build(View(7).With(Five, 1, epoch: 4));
        var view = View(8).With(Five, 1, epoch: 4).With(new Bucket(6), 2, epoch: 8);
        // A registration that is only refreshed is no other grant.
        view = view with { Nodes = view.Nodes.SetItem("dtable-server-01", view.Nodes["dtable-server-01"] with { RefreshTime = "9" }) };
        var after = RoutingTableBuilder.Build(before, view);
        Assert.Same(before[Five], after[Five]);
        Assert.NotSame(before[new Bucket(6)], after[new Bucket(6)]);
    }

    [Theory]
    [InlineData(1, 5, false)]
    [InlineData(2, 5, false)]
    [InlineData(1, 4, true)]
    public void Build_GrantOrAddressChanged_MakesANewObject(int owner, long epoch, bool newAddress)
    {
        var before = Build(View(7).With(Five, 1, epoch: 4));
        var view = View(8).With(Five, owner, epoch);
        if (newAddress)
            view = view with { Nodes = view.Nodes.SetItem("dtable-server-01", Node(1) with { LocalUrl = new Uri("http://10.9.9.9") }) };
        Assert.NotSame(before[Five], RoutingTableBuilder.Build(before, view)[Five]);
    }

    [Fact]
    public void Build_MoveOfABucket_HoldsTheBucketAndNotItsPins()
    {
        var plain = View(7).With(Five, 1, epoch: 4).With(Pin, 2, epoch: 5);
        var before = Build(plain);
        var after = RoutingTableBuilder.Build(before, (plain with { Revision = 8 }).Moving(Five, null, 8));
        Assert.Equal((EntryState.Moving, 8, "dtable-server-01"), (after[Five].State, after[Five].MoveRevision, after[Five].Owner?.Id));
        Assert.Same(before.Find(Pinned), after.Find(Pinned));
        Assert.Equal(EntryState.Open, after.Find(Pinned).State);
    }

    [Fact]
    public void Build_MoveOfAPin_HoldsThatPinOnly()
    {
        var plain = View(7).With(Five, 1, epoch: 4).With(Pin, 2, epoch: 5);
        var before = Build(plain);
        var after = RoutingTableBuilder.Build(before, (plain with { Revision = 8 }).Moving(Five, Pin, 8));
        Assert.Same(before[Five], after[Five]);
        Assert.Equal((EntryState.Moving, 8, "dtable-server-02"), (after.Find(Pinned).State, after.Find(Pinned).MoveRevision, after.Find(Pinned).Owner?.Id));
        Assert.Equal(EntryState.Open, after.Find(Unpinned).State);
    }

    [Fact]
    public void Build_MoveOfAPinWithoutGrant_HoldsItWithoutChangingItsOwner()
    {
        var plain = View(7).With(Five, 1, epoch: 4);
        var before = Build(plain);
        var after = RoutingTableBuilder.Build(before, (plain with { Revision = 8 }).Moving(Five, Pin, 8));
        Assert.Equal((EntryState.Moving, 8, "dtable-server-01"), (after.Find(Pinned).State, after.Find(Pinned).MoveRevision, after.Find(Pinned).Owner?.Id));
        // What is in flight of the base counts in the old object of the bucket, so that one must go.
        Assert.NotSame(before[Five], after[Five]);
        Assert.Equal(EntryState.Open, after[Five].State);
        // The move is given up: the base is the bucket's again.
        var again = RoutingTableBuilder.Build(after, plain with { Revision = 9 });
        Assert.NotSame(after[Five], again[Five]);
        Assert.Same(again[Five], again.Find(Pinned));
    }

    [Fact]
    public void Build_OwnerNotRegisteredAnyMore_KeepsItsLastAddressAndStaysOpen()
    {
        var before = Build(View(7).With(Five, 1, epoch: 4));
        var without = View(8, nodes: [2]).With(Five, 1, epoch: 4);
        var after = RoutingTableBuilder.Build(before, without);
        Assert.Same(before[Five], after[Five]);
        Assert.DoesNotContain("dtable-server-01", after.Nodes.Keys);
        // Also for a bucket that it did not own before, and for ever.
        var given = RoutingTableBuilder.Build(after, (without with { Revision = 9 }).With(new Bucket(6), 1, epoch: 9));
        Assert.Equal((EntryState.Open, Node(1).LocalUrl), (given[new Bucket(6)].State, given[new Bucket(6)].Owner?.LocalUrl));
    }

    [Fact]
    public void Build_OwnerKnownFromTheStoreOnly_IsReachedThere()
    {
        var view = View(7, nodes: [2]).With(Five, 1, epoch: 4);
        view = view with { KnownNodes = view.KnownNodes.Add("dtable-server-01", new KnownNode("http://10.0.0.1:80/", null, "17", 3)) };
        Assert.Equal((EntryState.Open, new Uri("http://10.0.0.1")), (Build(view)[Five].State, Build(view)[Five].Owner?.LocalUrl));
    }

    [Fact]
    public void Build_OwnerNeverKnown_IsHeldBackUnlessTheLastOneStillStands()
    {
        var unknown = View(8).With(Five, 9, epoch: 8);
        Assert.Equal(EntryState.Unassigned, Build(unknown)[Five].State);
        var before = Build(View(7).With(Five, 1, epoch: 4));
        Assert.Same(before[Five], RoutingTableBuilder.Build(before, unknown)[Five]);
        var alsoGone = View(8, nodes: [2]).With(Five, 9, epoch: 8);
        Assert.Equal(EntryState.Unassigned, RoutingTableBuilder.Build(before, alsoGone)[Five].State);
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 100)];

    /// <summary>S2: a base that goes another way leaves an object that nobody can find any more, so that its silence is for ever.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Build_RandomViews_ABaseNeverLeavesAnEntryThatStays(int seed)
    {
        var random = new Random(seed);
        BaseId[] bases =
        [
            Pinned, Unpinned, BaseId.Parse("05aaaaaabbbb00000000000000000000"), BaseId.Parse("05aaaaaabbbb00000000000000000001"),
            BaseId.Parse("06000000000000000000000000000000"), BaseId.Parse("06aaaaaa000000000000000000000000"),
        ];
        BasePrefix[] pins = [Pin, Prefix("05aaaaaabbbb"), Prefix("05aaaaaabbbb00000000000000000000"), Prefix("06aaaaaa")];
        var view = View(1);
        var table = Build(view);
        for (var step = 2; step < 150; step++)
        {
            var pin = pins[random.Next(pins.Length)];
            var bucket = random.Next(2) == 0 ? Five : new Bucket(6);
            view = (random.Next(9) switch
            {
                0 => view with { Pins = view.Pins.Remove(pin) },
                1 => view with { Moves = view.Moves.Remove(bucket) },
                2 => view with { Moves = view.Moves.Remove(pin.Bucket) },
                3 => view.Moving(bucket, null, step),
                4 => view.Moving(pin.Bucket, pin, step),
                5 => view.With(pin, random.Next(1, 4), step),
                6 => view with { Nodes = view.Nodes.Remove($"dtable-server-0{random.Next(1, 4)}") },
                7 => view with { Nodes = View(1).Nodes },
                _ => view.With(bucket, random.Next(1, 4), step),
            }) with
            { Revision = step };
            var next = RoutingTableBuilder.Build(table, view);
            var entries = next.Buckets.Concat(next.Pins).ToHashSet();
            foreach (var id in bases)
            {
                var (from, to) = (table.Find(id), next.Find(id));
                Assert.True(ReferenceEquals(from, to) || !entries.Contains(from), $"step {step}: {id} left an entry that stays");
                var moving = view.Moves.TryGetValue(id.Bucket, out var move)
                    && (move.Pin is null ? to.Pin is null : to.Pin == move.Pin);
                Assert.Equal(moving, to.State == EntryState.Moving);
                Assert.Equal(moving ? move!.CreateRevision : 0, to.MoveRevision);
                Assert.True(to.State != EntryState.Open || to.Owner is not null);
            }
            table = next;
        }
    }

    private static RoutingTable Build(ClusterView view) => RoutingTableBuilder.Build(RoutingTable.Empty, view);

    private static ClusterView View(long revision, int[]? nodes = null) => new()
    {
        ClusterId = 1,
        Revision = revision,
        Nodes = (nodes ?? [1, 2, 3]).Select(Node).ToImmutableSortedDictionary(n => n.Id, n => n, StringComparer.Ordinal),
    };

    private static NodeRecord Node(int n) => new()
    {
        Id = $"dtable-server-0{n}",
        LocalUrl = new Uri($"http://10.0.0.{n}"),
        LocalUrlText = $"http://10.0.0.{n}/",
    };

    private static BasePrefix Prefix(string text) =>
        BasePrefix.TryParse(text, out var prefix) ? prefix : throw new FormatException(text);
}

internal static class ViewExtensions
{
    public static ClusterView With(this ClusterView view, Bucket bucket, int node, long epoch) =>
        view with { Assignments = view.Assignments.SetItem(bucket, new Grant($"dtable-server-0{node}", epoch)) };

    public static ClusterView With(this ClusterView view, BasePrefix pin, int node, long epoch) =>
        view with { Pins = view.Pins.SetItem(pin, new Grant($"dtable-server-0{node}", epoch)) };

    public static ClusterView Moving(this ClusterView view, Bucket bucket, BasePrefix? pin, long revision) => view with
    {
        Moves = view.Moves.SetItem(bucket, new MoveRecord
        {
            Bucket = bucket,
            Pin = pin,
            To = "dtable-server-03",
            Phase = MovePhase.Quiesce,
            CreateRevision = revision,
            ModRevision = revision,
        }),
    };
}
