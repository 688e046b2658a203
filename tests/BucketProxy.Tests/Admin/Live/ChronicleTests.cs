using System.Text;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Live;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Tests.Admin.Live;

public sealed class ChronicleTests
{
    private static readonly KeySchema Keys = new();
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";
    private static readonly IReadOnlyDictionary<string, string> NoStandings = new Dictionary<string, string>();

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingDesk _desk = new();
    private readonly ViewBuilder _builder = new(Keys);
    private readonly Chronicle _chronicle;
    private ClusterView? _view;
    private long _revision = 1;

    public ChronicleTests() => _chronicle = new Chronicle(_desk, _time);

    private void Put(string key, string? value) => PutUnseen(key, value, see: true);

    private void PutUnseen(string key, string? value, bool see = false)
    {
        _revision++;
        var entry = value is null ? null : new StoreEntry(key, Encoding.UTF8.GetBytes(value), _revision, _revision, 1, 0);
        _view = _builder.Apply(_view, 7, _revision, [new WatchEvent(key, _revision, entry)]);
        if (see)
            _chronicle.See(_view, NoStandings);
    }

    private void Assign(int bucket, string node) => Put(Keys.Assignment(new Bucket((byte)bucket)), node);

    private Task<HistoryReport> ReportAsync() => _chronicle.ReportAsync("run", default);

    private static MoveReport Moved(string bucket, DateTimeOffset at) => new() { Bucket = bucket, From = A, To = B, Phase = "done", Reason = "balance", At = at };

    [Fact]
    public async Task See_TheFirstView_IsWhereItBegins()
    {
        Assign(0, A);
        Assert.Empty((await ReportAsync()).Entries);
        Assign(0, B);
        var entry = Assert.Single((await ReportAsync()).Entries);
        Assert.Equal(("owner", "00", A, B, _revision), (entry.Kind, entry.Bucket, entry.From, entry.To, entry.Epoch));
    }

    [Fact]
    public async Task See_OwnerWrittenAgain_IsNoChange()
    {
        Assign(0, A);
        Assign(0, A);
        Assert.Empty((await ReportAsync()).Entries);
    }

    [Fact]
    public async Task See_AMoveThatIsGivenUp_IsToldWithWhoKeepsTheBucket()
    {
        Assign(0x0f, A);
        var key = Keys.Move(new Bucket(0x0f));
        Put(key, """{"from":"dtable-server-a","to":"dtable-server-b","phase":"quiesce","reason":"drain","epoch":2}""");
        Put(key, null);
        var entry = Assert.Single((await ReportAsync()).Entries);
        Assert.Equal(("aborted", "0f", "drain"), (entry.Kind, entry.Bucket, entry.Reason));
        Assert.Contains("dtable-server-a keeps it", entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task See_AMoveThatIsMade_IsOneChangeWithItsReason()
    {
        Assign(0x0f, A);
        var key = Keys.Move(new Bucket(0x0f));
        Put(key, """{"from":"dtable-server-a","to":"dtable-server-b","phase":"quiesce","reason":"drain","epoch":2}""");
        PutUnseen(key, """{"from":"dtable-server-a","to":"dtable-server-b","phase":"settling","reason":"drain","epoch":2}""");
        Assign(0x0f, B);
        Put(key, null);
        var entry = Assert.Single((await ReportAsync()).Entries);
        Assert.Equal(("owner", "drain", B), (entry.Kind, entry.Reason, entry.To));
    }

    [Fact]
    public async Task See_Wishes_AreToldInWords()
    {
        Assign(0, A);
        Put(Keys.NodePolicy(A), """{"cordoned":true}""");
        Put(Keys.NodePolicy(A), """{"draining":true}""");
        Put(Keys.NodePolicy(A), """{"weight":2.5}""");
        Put(Keys.ClusterPolicy, """{"frozen":true,"frozenReason":"work"}""");
        Put(Keys.ClusterPolicy, """{}""");
        Assert.Equal(
            [$"{A} gets no further buckets.", $"{A} gives all its buckets away.", $"{A} may get buckets again.", $"{A} has weight 2.5.", "Frozen: work.", "No longer frozen."],
            (await ReportAsync()).Entries.Select(e => e.Text));
    }

    [Fact]
    public async Task SeeStore_LostAndBack_IsToldOnceEach()
    {
        foreach (var connected in new[] { true, true, false, false, true })
            _chronicle.SeeStore(connected, "refused");
        Assert.Equal(["The store does not answer: refused.", "The store answers again."], (await ReportAsync()).Entries.Select(e => e.Text));
    }

    [Fact]
    public async Task Report_AfterAnHour_OldEntriesAreGoneAndSinceSaysSo()
    {
        Assign(0, A);
        Assign(0, B);
        _time.Advance(TimeSpan.FromMinutes(50));
        Assign(0, C);
        _time.Advance(TimeSpan.FromMinutes(20));
        var report = await ReportAsync();
        Assert.Equal(C, Assert.Single(report.Entries).To);
        Assert.Equal(_time.GetUtcNow() - Chronicle.Kept, report.Since);
    }

    [Fact]
    public async Task Report_MoreThanTheLimit_KeepsTheLatestAndSinceIsTheFirstThatCanBeTold()
    {
        Assign(0, A);
        for (var i = 0; i < Chronicle.Limit + 10; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Assign(0, i % 2 == 0 ? B : A);
        }
        var report = await ReportAsync();
        Assert.Equal(Chronicle.Limit, report.Entries.Count);
        Assert.Equal(_time.Start + TimeSpan.FromSeconds(1), report.Since);
    }

    [Fact]
    public async Task Report_MovesOfBeforeTheStart_ComeFromTheAuditOnceAndNotTwice()
    {
        _time.Advance(TimeSpan.FromHours(2));
        var start = _time.GetUtcNow();
        // One seen by this instance too: its audit record came a second after the change of owner.
        Assign(7, A);
        Assign(7, B);
        _desk.MovesBefore.AddRange([Moved("01", start - TimeSpan.FromMinutes(61)), Moved("02", start - TimeSpan.FromMinutes(30)), Moved("03", start - TimeSpan.FromMinutes(10)), Moved("07", start + TimeSpan.FromSeconds(1))]);
        var report = await ReportAsync();
        Assert.Equal(["02", "03", "07"], report.Entries.Select(e => e.Bucket));
        Assert.Equal(start - Chronicle.Kept, report.Since);
        Assert.Equal(report.Entries.Select(e => e.Id).Order(), report.Entries.Select(e => e.Id));
        Assert.Equal(3, (await ReportAsync()).Entries.Count);
    }

    [Fact]
    public async Task Report_TheStoreIsAway_ShowsWhatWasSeenAndAsksAgainNextTime()
    {
        Assign(7, A);
        Assign(7, B);
        _desk.MovesBefore.Add(Moved("02", _time.GetUtcNow() - TimeSpan.FromMinutes(30)));
        _desk.Refusal = new OrderRefusedException(RefusalKind.StoreAway, "away");
        var away = await ReportAsync();
        Assert.Equal("07", Assert.Single(away.Entries).Bucket);
        Assert.Equal(_time.GetUtcNow(), away.Since);
        _desk.Refusal = null;
        Assert.Equal(["02", "07"], (await ReportAsync()).Entries.Select(e => e.Bucket));
    }
}
