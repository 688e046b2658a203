using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Cluster.Tests.View;

public class RoutingTableBuilderTests
{
    private static readonly Bucket B = new(0xff);
    private static readonly BasePrefix Pin = BasePrefix.TryParse("ff84e1a1", out var pin) ? pin : default;
    private static readonly BasePrefix Longer = BasePrefix.TryParse("ff84e1a1-66e2", out var pin) ? pin : default;

    private static NodeRecord Node(string id, string? refreshed = null) => new()
    {
        Id = id,
        LocalUrl = new Uri($"http://{id}:5000"),
        LocalUrlText = $"http://{id}:5000/",
        RefreshTime = refreshed,
        CreateRevision = 1,
    };

    private static ClusterView View(long revision = 10, params string[] nodes) => new()
    {
        ClusterId = 7,
        Revision = revision,
        Nodes = (nodes.Length > 0 ? nodes : ["one", "two"]).ToImmutableSortedDictionary(n => n, n => Node(n), StringComparer.Ordinal),
        Assignments = Bucket.All.ToImmutableSortedDictionary(b => b, _ => new Grant("one", 5)),
    };

    private static MoveRecord Move(BasePrefix? pin = null) => new()
    {
        Bucket = B,
        Pin = pin,
        From = "one",
        To = "two",
        Phase = MovePhase.Quiesce,
        CreateRevision = 20,
    };

    private static ClusterView With(ClusterView view, MoveRecord move) => view with { Revision = view.Revision + 1, Moves = view.Moves.SetItem(B, move) };

    private static RoutingTable Build(ClusterView view, RoutingTable? previous = null) =>
        RoutingTableBuilder.Build(previous ?? RoutingTable.Empty, view);

    [Fact]
    public void Build_SameGrant_KeepsTheObject()
    {
        var first = Build(View(10));
        var second = Build(View(11), first);
        Assert.All(Bucket.All, b => Assert.Same(first[b], second[b]));
        Assert.Equal(11, second.Revision);
    }

    [Fact]
    public void Build_RegistrationOnlyRefreshed_KeepsTheObject()
    {
        var first = Build(View());
        var view = View(11);
        var second = Build(view with { Nodes = view.Nodes.SetItem("one", Node("one", refreshed: "99")) }, first);
        Assert.Same(first[B], second[B]);
    }

    [Fact]
    public void Build_AnotherEpochOfTheSameOwner_IsAnotherObject()
    {
        // It was another's in between: what is in flight through the old object went by the old grant.
        var first = Build(View());
        var view = View(11);
        var second = Build(view with { Assignments = view.Assignments.SetItem(B, new Grant("one", 9)) }, first);
        Assert.NotSame(first[B], second[B]);
        Assert.Equal(9, second[B].Epoch);
    }

    [Fact]
    public void Build_MoveStands_HoldsTheBucketAndNotItsPins()
    {
        var view = View() with { Pins = ImmutableSortedDictionary<BasePrefix, Grant>.Empty.Add(Pin, new Grant("two", 6)) };
        var table = Build(With(view, Move()), Build(view));
        Assert.Equal((EntryState.Moving, 20L), (table[B].State, table[B].MoveRevision));
        Assert.Equal(EntryState.Open, Assert.Single(table.Pins).State);
        Assert.All(Bucket.All.Where(b => b != B), b => Assert.Equal(EntryState.Open, table[b].State));
    }

    [Fact]
    public void Build_MoveOfAPinWithoutAKeyYet_HoldsOnlyThatPin()
    {
        var table = Build(With(View(), Move(Pin)), Build(View()));
        var entry = Assert.Single(table.Pins);
        Assert.Equal((EntryState.Moving, "one"), (entry.State, entry.Owner!.Id));
        Assert.Equal(EntryState.Open, table[B].State);
    }

    [Fact]
    public void Build_BucketGainsAPin_MakesAllEntriesOfTheBucketAnew()
    {
        // Bases change between the entries, so what the old objects count is of both.
        var view = View() with { Pins = ImmutableSortedDictionary<BasePrefix, Grant>.Empty.Add(Pin, new Grant("two", 6)) };
        var first = Build(view);
        var second = Build(view with { Revision = 11, Pins = view.Pins.Add(Longer, new Grant("one", 11)) }, first);
        Assert.NotSame(first[B], second[B]);
        Assert.NotSame(first.Pins[0], second.Pins.Single(p => p.Pin == Pin));
        Assert.Same(first[new Bucket(1)], second[new Bucket(1)]);

        var third = Build(view with { Revision = 12, Pins = view.Pins }, second);
        Assert.NotSame(second[B], third[B]);
    }

    [Fact]
    public void Build_OwnerLostItsRegistration_StaysOpenAtItsLastAddress()
    {
        var first = Build(View());
        var second = Build(View(11, "two"), first);
        Assert.Equal(EntryState.Open, second[B].State);
        Assert.Same(first[B], second[B]);
    }

    [Fact]
    public void Build_OwnerLostItsRegistrationBeforeThisProxyCame_IsReachedAsTheLeaderWroteItDown()
    {
        var view = View(11, "two");
        var table = Build(view with { KnownNodes = view.KnownNodes.Add("one", new KnownNode("http://one:5000/", null, null, 1)) });
        Assert.Equal((EntryState.Open, new Uri("http://one:5000")), (table[B].State, table[B].Owner!.LocalUrl));
    }

    [Fact]
    public void Build_OwnerNobodyEverHeardOf_KeepsTheLastGoodOne()
    {
        var first = Build(View());
        var view = View(11);
        var second = Build(view with { Assignments = view.Assignments.SetItem(B, new Grant("typo", 11)) }, first);
        Assert.Same(first[B], second[B]);

        var third = Build(view with { Revision = 12, Assignments = view.Assignments.SetItem(B, new Grant("typo", 11)), Nodes = view.Nodes.Add("typo", Node("typo")) }, second);
        Assert.Equal(("typo", 11L), (third[B].Owner!.Id, third[B].Epoch));
    }

    [Fact]
    public void Build_NeverAssigned_IsUnassigned()
    {
        var table = Build(View() with { Assignments = ImmutableSortedDictionary<Bucket, Grant>.Empty });
        Assert.All(table.Buckets, e => Assert.Equal((EntryState.Unassigned, (NodeRecord?)null), (e.State, e.Owner)));
    }

    [Fact]
    public void Build_MoveSettling_StaysHeldUntilTheMoveIsGone()
    {
        var granted = View() with { Assignments = View().Assignments.SetItem(B, new Grant("two", 30)) };
        var settling = Build(With(granted, Move() with { Phase = MovePhase.Settling }));
        Assert.Equal((EntryState.Moving, "two"), (settling[B].State, settling[B].Owner!.Id));
        Assert.Equal(EntryState.Open, Build(granted with { Revision = 40 }, settling)[B].State);
    }
}
