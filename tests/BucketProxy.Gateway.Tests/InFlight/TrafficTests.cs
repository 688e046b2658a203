using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.InFlight;

/// <summary>S2: what is counted as silent really is.</summary>
public sealed class TrafficTests
{
    private static readonly BaseId Id = GatewayUnderTest.BaseId;
    private static readonly BaseId Sibling = BaseId.Parse("0fffffff-7c2d-4e8f-9a0b-1c2d3e4f5a6b");
    private static readonly Bucket Bucket = Id.Bucket;
    private static readonly NodeRecord A = Record("dtable-server-01");
    private static readonly NodeRecord B = Record("dtable-server-02");
    private readonly Tables _tables = new();
    private readonly Traffic _traffic;

    public TrafficTests()
    {
        _traffic = new Traffic(_tables.Current, new FakeTimeProvider());
        _tables.OpenAll(A).Publish();
    }

    [Fact]
    public async Task WhenSilent_RequestOnAReplacedEntry_WaitsForItsEnd()
    {
        Assert.True(_tables.Current.TryEnter(Id, out var entry));
        _tables.Moving(Bucket, A).Publish();

        var silent = _traffic.WhenSilentAsync(Bucket, null);
        Assert.False(silent.IsCompleted);
        Assert.False(_traffic.IsSilent(Bucket, null));
        Assert.Equal("1 running requests to dtable-server-01", _traffic.BusyWith(Bucket, null));
        entry.Leave();

        await silent.Within();
        Assert.True(_traffic.IsSilent(Bucket, null));
        Assert.Null(_traffic.BusyWith(Bucket, null));
    }

    [Fact]
    public async Task WhenSilent_RequestOnAnEntryReplacedTwice_WaitsForItsEnd()
    {
        Assert.True(_tables.Current.TryEnter(Id, out var entry));
        _tables.Reopen(_tables.Current.Table[Bucket]).Publish();
        Assert.True(_tables.Current.TryEnter(Id, out var second));
        _tables.Moving(Bucket, A).Publish();

        var silent = _traffic.WhenSilentAsync(Bucket, null);
        second.Leave();
        Assert.False(_traffic.IsSilent(Bucket, null));
        Assert.False(silent.IsCompleted);
        entry.Leave();

        await silent.Within();
    }

    [Fact]
    public async Task WhenSilent_ScopeIsOpen_Throws()
    {
        Assert.False(_traffic.IsSilent(Bucket, null));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _traffic.WhenSilentAsync(Bucket, null));
    }

    [Fact]
    public async Task WhenSilent_MoveIsGivenUpWhileWaiting_Throws()
    {
        Assert.True(_tables.Current.TryEnter(Id, out var entry));
        var open = _tables.Current.Table[Bucket];
        _tables.Moving(Bucket, A).Publish();
        var silent = _traffic.WhenSilentAsync(Bucket, null);

        _tables.Reopen(open).Publish();
        entry.Leave();

        await Assert.ThrowsAsync<InvalidOperationException>(() => silent);
    }

    [Fact]
    public async Task WhenSilent_Cancelled_Throws()
    {
        Assert.True(_tables.Current.TryEnter(Id, out var entry));
        _tables.Moving(Bucket, A).Publish();
        using var stop = new CancellationTokenSource();
        var silent = _traffic.WhenSilentAsync(Bucket, null, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => silent);
        entry.Leave();
    }

    [Fact]
    public async Task WhenSilent_TunnelInScope_WaitsForItsNodeSide()
    {
        var tunnel = Open(Id);
        _tables.Moving(Bucket, A).Publish();

        var silent = _traffic.WhenSilentAsync(Bucket, null);
        Assert.Equal(TunnelClose.Move, tunnel.Closed);
        Assert.False(silent.IsCompleted);
        Assert.Contains(Id.ToString(), _traffic.BusyWith(Bucket, null), StringComparison.Ordinal);
        _traffic.FellSilent(tunnel);

        await silent.Within();
        Assert.Equal(0, _traffic.OpenTunnels);
    }

    // A pin moves: only what it covers is in its way, but every plain request on a replaced entry is, for nobody knows its base.
    [Fact]
    public async Task WhenSilent_PinMoves_TunnelsOfOtherBasesDoNotMatter()
    {
        var pin = BasePrefix.Of(Id);
        var mine = Open(Id);
        var other = Open(Sibling);
        _tables.Reopen(_tables.Current.Table[Bucket]).Moving(Bucket, A, pin).Publish();

        Assert.Equal(TunnelClose.Move, mine.Closed);
        Assert.Null(other.Closed);
        var silent = _traffic.WhenSilentAsync(Bucket, pin);
        Assert.False(silent.IsCompleted);
        _traffic.FellSilent(mine);
        await silent.Within();
        Assert.Equal(1, _traffic.OpenTunnels);
    }

    [Fact]
    public void Published_BucketMoves_TunnelsOfItsPinsStay()
    {
        _tables.Open(Bucket, B, BasePrefix.Of(Id)).Publish();
        var pinned = Open(Id);
        var other = Open(Sibling);

        _tables.Moving(Bucket, A).Publish();

        Assert.Null(pinned.Closed);
        Assert.Equal(TunnelClose.Move, other.Closed);
    }

    [Fact]
    public void Published_PinForThePresentOwner_TunnelStays()
    {
        var tunnel = Open(Id);

        _tables.Open(Bucket, A, BasePrefix.Of(Id)).Publish();

        Assert.Null(tunnel.Closed);
    }

    [Fact]
    public void Published_PinForAnotherOwnerWithoutAVisibleMove_TunnelIsClosed()
    {
        var tunnel = Open(Id);

        _tables.Open(Bucket, B, BasePrefix.Of(Id)).Publish();

        Assert.Equal(TunnelClose.Move, tunnel.Closed);
    }

    [Fact]
    public void Published_SameOwnerAtALaterEpoch_TunnelIsClosed()
    {
        var tunnel = Open(Id);

        _tables.Open(Bucket, A).Publish();

        Assert.Equal(TunnelClose.Move, tunnel.Closed);
    }

    [Fact]
    public void Published_OwnerIsGoneWithoutASuccessor_TunnelStays()
    {
        var tunnel = Open(Id);

        _tables.Unassigned(Bucket).Publish();

        Assert.Null(tunnel.Closed);
    }

    // S2. The mutation: TryOpen does not read the table again.
    [Fact]
    public void TryOpen_MoveBeganInBetween_RefusedAndNotRegistered()
    {
        Assert.True(_tables.Current.TryEnter(Id, out var entry));
        _tables.Moving(Bucket, A).Publish();

        Assert.False(_traffic.TryOpen(new TestTunnel(Id, entry)));
        Assert.Equal(0, _traffic.OpenTunnels);
        entry.Leave();
        Assert.True(_traffic.IsSilent(Bucket, null));
    }

    // S2. The mutation: IsSilent goes by the published table instead of the one whose replaced entries were noted.
    [Fact]
    public void IsSilent_AskedWhileTheTableIsBeingPublished_No()
    {
        var tables = new Tables();
        var early = new List<bool>();
        Traffic? traffic = null;
        tables.Current.Published += (_, _) => early.Add(traffic!.IsSilent(Bucket, null));
        traffic = new Traffic(tables.Current, new FakeTimeProvider());
        tables.OpenAll(A).Publish();
        Assert.True(tables.Current.TryEnter(Id, out var entry));

        tables.Moving(Bucket, A).Publish();

        Assert.Equal([false, false], early);
        entry.Leave();
        Assert.True(traffic.IsSilent(Bucket, null));
    }

    // S2 under races: whoever is let pass is counted in what WhenSilent waits for.
    [Fact]
    public async Task WhenSilent_RequestsAndTunnelsRaceWithMoves_NothingIsInFlightAfterwards()
    {
        var seed = Random.Shared.Next();
        var inFlight = 0;
        var silent = false;
        var wrong = 0;
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            var random = new Random(seed + w);
            while (!stop.IsCancellationRequested)
            {
                if (!_tables.Current.TryEnter(Id, out var entry))
                {
                    await Task.Yield();
                    continue;
                }
                var isTunnel = random.Next(2) == 0;
                TestTunnel? tunnel = null;
                if (isTunnel)
                {
                    tunnel = new TestTunnel(Id, entry);
                    if (!_traffic.TryOpen(tunnel))
                    {
                        entry.Leave();
                        continue;
                    }
                    entry.Leave();
                }
                Interlocked.Increment(ref inFlight);
                if (Volatile.Read(ref silent))
                    Interlocked.Increment(ref wrong);
                await Task.Yield();
                Interlocked.Decrement(ref inFlight);
                if (tunnel is not null)
                    _traffic.FellSilent(tunnel);
                else
                    entry.Leave();
            }
        })).ToList();

        for (var i = 0; i < 500; i++)
        {
            _tables.Moving(Bucket, A).Publish();
            await _traffic.WhenSilentAsync(Bucket, null);
            Volatile.Write(ref silent, true);
            if (Volatile.Read(ref inFlight) != 0)
                Interlocked.Increment(ref wrong);
            Volatile.Write(ref silent, false);
            _tables.Open(Bucket, i % 2 == 0 ? B : A).Publish();
            await Task.Yield();
        }
        await stop.CancelAsync();
        await Task.WhenAll(workers);

        Assert.True(wrong == 0, $"{wrong} in flight after silence, seed {seed}");
        Assert.Equal(0, _traffic.OpenTunnels);
    }

    private TestTunnel Open(BaseId id)
    {
        Assert.True(_tables.Current.TryEnter(id, out var entry));
        var tunnel = new TestTunnel(id, entry);
        Assert.True(_traffic.TryOpen(tunnel));
        entry.Leave();
        return tunnel;
    }

    private static NodeRecord Record(string id) => new() { Id = id, LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1" };

    private sealed class TestTunnel(BaseId id, RoutingEntry entry) : TrackedTunnel(id, entry)
    {
        public TunnelClose? Closed { get; private set; }

        public override string Kind => "test";

        public override void Close(TunnelClose reason) => Closed ??= reason;
    }
}
