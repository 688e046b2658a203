using System.Text.Json.Nodes;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests.Checking;

public sealed class OwnershipCheckerTests : IDisposable
{
    private const string Base = NodeFixture.Base;

    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _storage = Directory.CreateTempSubdirectory("bucketproxy-checker-").FullName;

    public void Dispose() => Directory.Delete(_storage, recursive: true);

    [Fact]
    public void Check_OneAfterTheOther_IsClean() =>
        Assert.True(Check([Load("n1", 0, 1), Unload("n1", 5, 2), Load("n2", 5, 3)]) is { IsClean: true, Loads: 2 });

    [Fact]
    public void Check_AtOneTime_GoesByTheSequenceOfTheProcess()
    {
        Assert.True(Check([Load("n1", 5, 1), Unload("n1", 5, 2), Load("n2", 5, 3)]).IsClean);
        Assert.Single(Check([Load("n1", 5, 1), Unload("n1", 5, 3), Load("n2", 5, 2)]).DoubleOpens);
    }

    [Theory]
    [InlineData(0, 10, 5, 15)]
    [InlineData(0, 10, 2, 3)]
    [InlineData(5, 15, 0, 10)]
    [InlineData(0, 10, 0, 10)]
    public void Check_Overlapping_TellsFromWhenUntilWhen(int from, int until, int otherFrom, int otherUntil)
    {
        var open = Assert.Single(Check([Load("n1", from, 1), Unload("n1", until, 9), Load("n2", otherFrom, 2), Unload("n2", otherUntil, 10)]).DoubleOpens);

        Assert.Equal((At(Math.Max(from, otherFrom)), At(Math.Min(until, otherUntil))), (open.From, open.Until));
    }

    [Fact]
    public void Check_ThirdOpensWhileTheFirstStillHolds_IsFound()
    {
        // The second one's short visit must not hide the first one's.
        var report = Check([Load("n1", 0, 1), Load("n2", 1, 2), Unload("n2", 2, 3), Load("n3", 3, 4)]);

        Assert.Equal(["n1+n2", "n1+n3"], report.DoubleOpens.Select(open => $"{open.Node}+{open.OtherNode}"));
    }

    [Fact]
    public void Check_AKilledRun_HoldsItsBasesUntilItsDeathWasSeen()
    {
        JournalEntry[] journal = [Load("n1", 0, 1), Load("n2", 20, 2)];

        Assert.Single(Check(journal).DoubleOpens);
        Assert.Single(Check(journal, exits: [new ObservedExit("n1", At(21))]).DoubleOpens);
        Assert.True(Check(journal, exits: [new ObservedExit("n1", At(10))]).IsClean);
        Assert.True(Check([.. journal, Entry("n1", JournalEvent.Start, 10, 3, "n1-again")]).IsClean);
    }

    [Fact]
    public void Check_TwoNodesWithOneId_AreNotTakenForARestart() =>
        Assert.Single(Check([Load("n1", 0, 1), Entry("n1", JournalEvent.Start, 5, 2, "twin"), Load("n1", 6, 3, "twin"), Entry("n1", JournalEvent.Serve, 7, 4)]).DoubleOpens);

    [Theory]
    [InlineData("n1", 3, 0)] // before anybody else had it
    [InlineData("n1", 6, 1)] // behind the other's load
    [InlineData("n2", 6, 0)] // the other's own
    public void Check_Save_BehindAnothersLoad_IsForeign(string saver, int at, int foreign)
    {
        var report = Check([Load("n1", 0, 1), Load("n2", 5, 2), Entry(saver, JournalEvent.Flush, at, 3)], exits: [new ObservedExit("n1", At(5))]);

        Assert.Equal(foreign, report.ForeignSaves.Count);
        Assert.Equal(foreign == 0, report.IsClean);
    }

    [Fact]
    public void Check_Rows_MissingOrDoubled_AreFound()
    {
        Store("a", "b", "b", "c", "c");

        var report = Check([], rows: ["a", "b", "lost"]);

        Assert.Equal(["b:2", "lost:0", "c:2"], report.WrongRows.Select(wrong => $"{wrong.Row.Value}:{wrong.Found}"));
        Assert.Equal((1, 2, 3), (report.Lost, report.Doubled, report.RowsJudged));
    }

    [Fact]
    public void Check_Rows_OfABaseThatWasNeverSaved_AreLost() => Assert.Equal(1, Check([], rows: ["a"]).Lost);

    [Theory]
    [InlineData("n1", 0, 10, true)]
    [InlineData("n1", 0, 11, false)]
    [InlineData("n2", 9, 11, false)]
    [InlineData("n2", 10, 11, true)]
    [InlineData("n3", 3, 4, false)]
    public void Check_Serve_MustLieInItsNodesTime(string node, int start, int end, bool clean)
    {
        var owners = new OwnershipHistory();
        owners.SetBucket(new Bucket(0x0f), "n2", At(10));
        owners.SetBucket(new Bucket(0x0f), "n1", At(0));

        Assert.Equal(clean, Check([Serve(node, start, end)], owners: owners).IsClean);
    }

    [Fact]
    public void Check_Serve_WithSlack_ForgivesTheChangeAndNoOtherNode()
    {
        var owners = new OwnershipHistory();
        owners.SetBucket(new Bucket(0x0f), "n1", At(0));
        owners.SetBucket(new Bucket(0x0f), "n2", At(10));

        Assert.True(Check([Serve("n2", 9, 9)], owners: owners, slack: 1).IsClean);
        Assert.False(Check([Serve("n2", 8, 8)], owners: owners, slack: 1).IsClean);
        var foreign = Assert.Single(Check([Serve("n3", 10, 10)], owners: owners, slack: 1).ForeignServes);
        Assert.Equal("n2", foreign.Owner);
    }

    [Fact]
    public void Check_Serve_OfAPinnedBase_GoesByItsPin()
    {
        var owners = new OwnershipHistory();
        owners.SetBucket(new Bucket(0x0f), "n1", At(0));
        Assert.True(BasePrefix.TryParse(Base, out var whole));
        Assert.True(BasePrefix.TryParse("0f000000", out var some));
        owners.SetPin(some, "n4", At(5));
        owners.SetPin(whole, "n2", At(10));
        owners.SetBucket(new Bucket(0x0f), "n3", At(15));
        owners.SetPin(whole, null, At(20));
        owners.SetPin(some, null, At(20));

        Assert.True(Check([Serve("n1", 1, 2), Serve("n4", 5, 10), Serve("n2", 11, 19), Serve("n3", 20, 30)], owners: owners) is { IsClean: true, ServesJudged: 4 });
        Assert.Equal(3, Check([Serve("n2", 1, 2), Serve("n3", 16, 17), Serve("n2", 19, 21)], owners: owners).ForeignServes.Count);
    }

    private OwnershipReport Check(
        JournalEntry[] journal, ObservedExit[]? exits = null, string[]? rows = null, OwnershipHistory? owners = null, int slack = 0) =>
        OwnershipChecker.Check(new OwnershipCheck
        {
            Journal = journal,
            StorageDirectory = _storage,
            Exits = exits ?? [],
            Acknowledged = rows?.Select(name => new AcknowledgedRow(Base, "Name", name)).ToList(),
            Owners = owners,
            OwnerSlack = TimeSpan.FromSeconds(slack),
        });

    private void Store(params string[] names)
    {
        var rows = new JsonArray([.. names.Select(JsonNode (name, i) => new JsonObject { ["_id"] = $"r{i}", ["Name"] = name })]);
        var file = new JsonObject { ["base"] = Base, ["version"] = 1, ["tables"] = new JsonArray(new JsonObject { ["name"] = "Table1", ["next_number"] = 9, ["rows"] = rows }) };
        File.WriteAllText(Path.Combine(_storage, Base + ".json"), file.ToJsonString());
    }

    private static DateTimeOffset At(int second) => Zero.AddSeconds(second);

    private static JournalEntry Load(string node, int at, long sequence, string? run = null) => Entry(node, JournalEvent.Load, at, sequence, run);

    private static JournalEntry Unload(string node, int at, long sequence) => Entry(node, JournalEvent.Unload, at, sequence);

    private static JournalEntry Serve(string node, int start, int end) =>
        Entry(node, JournalEvent.Serve, start, 1) with { End = At(end), Method = "GET", Path = "/" };

    private static JournalEntry Entry(string node, JournalEvent what, int at, long sequence, string? run = null) =>
        new() { Event = what, Node = node, Run = run ?? node, Base = Base, Time = At(at), ProcessStart = Zero, Process = 1, Sequence = sequence };
}
