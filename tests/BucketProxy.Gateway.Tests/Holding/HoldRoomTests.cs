using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Holding;

public sealed class HoldRoomTests : IDisposable
{
    private static readonly BaseId Id = GatewayUnderTest.BaseId;
    private static readonly NodeRecord Node = new() { Id = "dtable-server-01", LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1" };
    private readonly CountedTimers _time = new();
    private readonly Tables _tables = new();
    private readonly List<HoldRoom> _rooms = [];

    public void Dispose()
    {
        foreach (var room in _rooms)
            room.Dispose();
    }

    [Fact]
    public async Task Wait_HoldTimeOver_TimedOutAndNoTimerIsLeft()
    {
        var room = Room(new GatewayOptions { HoldTime = TimeSpan.FromSeconds(25) });
        var wait = room.WaitAsync(room.Arrive(Id), default);

        _time.Advance(TimeSpan.FromSeconds(24.9));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(HoldOutcome.TimedOut, (await wait.Within()).Outcome);
        Assert.Equal(0, room.Held);
        Assert.Equal(0, _time.Left);
    }

    [Fact]
    public async Task LongestHeld_OfSeveralBuckets_IsThatOfTheOldest()
    {
        var room = Room(new GatewayOptions { HoldTime = TimeSpan.FromSeconds(25) });
        Assert.Equal(TimeSpan.Zero, room.LongestHeld);
        var older = room.WaitAsync(room.Arrive(Id), default);
        _time.Advance(TimeSpan.FromSeconds(10));
        var newer = room.WaitAsync(room.Arrive(new BaseId(1)), default);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(15), room.LongestHeld);

        _time.Advance(TimeSpan.FromSeconds(10));
        await older.Within();
        Assert.Equal(TimeSpan.FromSeconds(15), room.LongestHeld);
        _time.Advance(TimeSpan.FromSeconds(10));
        await newer.Within();
        Assert.Equal(TimeSpan.Zero, room.LongestHeld);
    }

    [Fact]
    public async Task Wait_Again_TimeCountsFromTheFirstArrival()
    {
        var room = Room(new GatewayOptions { HoldTime = TimeSpan.FromSeconds(25) });
        var request = room.Arrive(Id);
        _tables.Open(Id.Bucket, Node).Publish();
        var (outcome, slot) = await room.WaitAsync(request, default).Within();
        Assert.Equal(HoldOutcome.Released, outcome);
        slot!.Return();
        _time.Advance(TimeSpan.FromSeconds(20));
        _tables.Moving(Id.Bucket, Node).Publish();

        var wait = room.WaitAsync(request, default);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(HoldOutcome.TimedOut, (await wait.Within()).Outcome);
        Assert.Equal(HoldOutcome.TimedOut, (await room.WaitAsync(request, default)).Outcome);
    }

    [Fact]
    public async Task Wait_OlderRequestReturnsToAFullQueue_NewestIsRefusedInstead()
    {
        var room = Room(new GatewayOptions { HoldPerBucket = 2 });
        var old = room.Arrive(Id);
        var middle = room.WaitAsync(room.Arrive(Id), default);
        var newest = room.WaitAsync(room.Arrive(Id), default);

        var wait = room.WaitAsync(old, default);

        Assert.Equal(HoldOutcome.Refused, (await newest.Within()).Outcome);
        Assert.False(wait.IsCompleted || middle.IsCompleted);
        Assert.Equal(2, room.Held);
    }

    [Fact]
    public async Task Release_OlderRequestReturned_GoesFirst()
    {
        var room = Room(new GatewayOptions { ReleaseAtOnce = 1 });
        var old = room.Arrive(Id);
        var newer = room.WaitAsync(room.Arrive(Id), default);
        var wait = room.WaitAsync(old, default);

        _tables.Open(Id.Bucket, Node).Publish();

        var (outcome, slot) = await wait.Within();
        Assert.Equal(HoldOutcome.Released, outcome);
        Assert.False(newer.IsCompleted);
        Assert.True(room.IsBacklogged(Id.Bucket));
        slot!.Return();
        slot.Return();
        (_, slot) = await newer.Within();
        Assert.False(room.IsBacklogged(Id.Bucket));
        slot!.Return();
        Assert.Equal(0, room.Held);
    }

    [Fact]
    public async Task Release_RequestsUnderWayTakeLong_MoreAreLetGoEverySecond()
    {
        var room = Room(new GatewayOptions { ReleaseAtOnce = 1 });
        var waits = Enumerable.Range(0, 9).Select(_ => room.WaitAsync(room.Arrive(Id), default)).ToList();
        _tables.Open(Id.Bucket, Node).Publish();
        await waits[0];
        Assert.Equal(8, room.Held);

        foreach (var left in (int[])[7, 5, 1, 0])
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(left, room.Held);
        }

        Assert.All(await Task.WhenAll(waits), w => Assert.Equal(HoldOutcome.Released, w.Outcome));
        Assert.False(room.IsBacklogged(Id.Bucket));
    }

    // L4. Everything that can end a wait, at once: each wait ends exactly once, and every place is free again.
    [Fact]
    public async Task Wait_EverythingAtOnce_EachEndsAndNoPlaceIsLost()
    {
        var room = Room(new GatewayOptions { HoldPerBucket = 20, HoldTotal = 30, ReleaseAtOnce = 3 });
        var gone = Enumerable.Range(0, 300).Select(_ => new CancellationTokenSource()).ToList();
        var waits = gone.Select(g => Task.Run(async () =>
        {
            var id = new BaseId(Id.Value + ((UInt128)(gone.IndexOf(g) % 3) << 120));
            var (outcome, slot) = await room.WaitAsync(room.Arrive(id), g.Token);
            await Task.Yield();
            slot?.Return();
            return outcome;
        })).ToList();
        var chaos = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var bucket = new Bucket((byte)(Id.Bucket.Index + i % 3));
                _ = i % 2 == 0 ? _tables.Open(bucket, Node) : _tables.Moving(bucket, Node);
                _tables.Publish();
                await gone[i].CancelAsync();
                await Task.Yield();
            }
        });
        await chaos;
        // Who came after the last publication may still wait; its time is up.
        while (!Task.WhenAll(waits).IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await Task.WhenAll(waits);
        Assert.True(room.Held == 0, $"{room.Held} places lost");
        Assert.Equal(0, _time.Left);
        gone.ForEach(g => g.Dispose());
    }

    [Fact]
    public async Task Park_LimitsCount_AndComeBack()
    {
        var room = Room(new GatewayOptions { HoldPerBucket = 1 });
        var parked = room.Arrive(Id);

        Assert.True(room.TryPark(parked));
        Assert.False(room.TryPark(room.Arrive(Id)));
        Assert.Equal(HoldOutcome.Refused, (await room.WaitAsync(room.Arrive(Id), default)).Outcome);
        room.Unpark(parked);
        room.Unpark(parked);

        Assert.Equal(0, room.Held);
    }

    private HoldRoom Room(GatewayOptions options)
    {
        _tables.Publish();
        var room = new HoldRoom(_tables.Current, options, _time);
        _rooms.Add(room);
        return room;
    }
}
