using BucketProxy.Etcd.Watching;
using Google.Protobuf;

namespace BucketProxy.Etcd.Tests.Watching;

public sealed class WatchCursorTests
{
    private const long Id = 0;

    [Fact]
    public void Rule3_CreatedNeverAdvances_EvenWithAHigherRevision()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(new Wire.WatchResponse { Created = true, Header = new() { Revision = 90 } }, Id));
        Assert.Equal(5, cursor.Next);
    }

    [Fact]
    public void Rule3_RequestedProgressNeverAdvances_AsItMayOvertakeEvents()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(new Wire.WatchResponse { WatchId = -1, Header = new() { Revision = 90 } }, Id));
        var changes = Assert.IsType<WatchChanges>(cursor.Take(Events(90, Put("a", 6)), Id));
        Assert.Equal(6, changes.Revision);
    }

    [Fact]
    public void Rule3_OwnProgress_Advances()
    {
        var cursor = new WatchCursor(5);
        var progress = Assert.IsType<WatchProgress>(cursor.Take(new Wire.WatchResponse { WatchId = Id, Header = new() { Revision = 90 } }, Id));
        Assert.Equal(90, progress.Revision);
        Assert.Equal(91, cursor.Next);
    }

    [Fact]
    public void Take_OwnProgressThatIsOlder_IsNothing()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(new Wire.WatchResponse { WatchId = Id, Header = new() { Revision = 4 } }, Id));
        Assert.Equal(5, cursor.Next);
    }

    [Fact]
    public void Rule3_HeaderAheadOfItsEvents_AdvancesOnlyToTheLastEvent()
    {
        var cursor = new WatchCursor(5);
        var changes = Assert.IsType<WatchChanges>(cursor.Take(Events(1000, Put("a", 5), Put("b", 7)), Id));
        Assert.Equal(7, changes.Revision);
        Assert.Equal(8, cursor.Next);
    }

    [Fact]
    public void Rule2_Fragments_ArePutTogether()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(Fragment(Put("a", 5)), Id));
        Assert.Null(cursor.Take(Fragment(Put("b", 5)), Id));
        Assert.Equal(5, cursor.Next);
        var changes = Assert.IsType<WatchChanges>(cursor.Take(Events(6, Delete("c", 5), Put("d", 6)), Id));
        Assert.Equal(["a", "b", "c", "d"], changes.Events.Select(e => e.KeyValue.Key.ToString()));
        Assert.Equal(WatchEventKind.Delete, changes.Events[2].Kind);
        Assert.Equal(6, changes.Revision);
    }

    [Fact]
    public void Rule2_ProgressAnswerBetweenFragments_EndsNothing()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(Fragment(Put("a", 5)), Id));
        Assert.Null(cursor.Take(new Wire.WatchResponse { WatchId = -1, Header = new() { Revision = 90 } }, Id));
        Assert.Equal(2, Assert.IsType<WatchChanges>(cursor.Take(Events(5, Put("b", 5)), Id)).Events.Length);
    }

    [Fact]
    public void Rule2_StreamEndsWithinFragments_HalfARevisionIsForgotten()
    {
        var cursor = new WatchCursor(5);
        Assert.Null(cursor.Take(Fragment(Put("a", 5)), Id));
        cursor.StreamEnded();
        Assert.Equal(5, cursor.Next);
        Assert.Equal(["a", "b"], Assert.IsType<WatchChanges>(cursor.Take(Events(5, Put("a", 5), Put("b", 5)), Id)).Events.Select(e => e.KeyValue.Key.ToString()));
    }

    [Fact]
    public void Take_EventsAlreadyReported_AreDropped()
    {
        var cursor = new WatchCursor(5);
        cursor.Take(Events(6, Put("a", 6)), Id);
        Assert.Null(cursor.Take(Events(6, Put("a", 6)), Id));
        Assert.Equal("b", Assert.Single(Assert.IsType<WatchChanges>(cursor.Take(Events(7, Put("a", 6), Put("b", 7)), Id)).Events).KeyValue.Key.ToString());
    }

    [Fact]
    public void Take_RevisionsOutOfOrder_Throws()
    {
        var cursor = new WatchCursor(5);
        Assert.Throws<InvalidDataException>(() => cursor.Take(Events(9, Put("a", 8), Put("b", 7)), Id));
    }

    [Fact]
    public void Take_AnotherWatchsEvents_IsNothing()
    {
        var cursor = new WatchCursor(5);
        var foreign = Events(9, Put("a", 8));
        foreign.WatchId = 3;
        Assert.Null(cursor.Take(foreign, Id));
        Assert.Equal(5, cursor.Next);
    }

    private static Wire.WatchResponse Events(long header, params Mvccpb.Event[] events) =>
        new() { WatchId = Id, Header = new() { Revision = header }, Events = { events } };

    private static Wire.WatchResponse Fragment(params Mvccpb.Event[] events)
    {
        var answer = Events(5, events);
        answer.Fragment = true;
        return answer;
    }

    private static Mvccpb.Event Put(string key, long revision) =>
        new() { Kv = new() { Key = ByteString.CopyFromUtf8(key), ModRevision = revision, CreateRevision = revision, Version = 1 } };

    private static Mvccpb.Event Delete(string key, long revision) =>
        new() { Type = Mvccpb.Event.Types.EventType.Delete, Kv = new() { Key = ByteString.CopyFromUtf8(key), ModRevision = revision } };
}
