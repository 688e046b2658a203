using BucketProxy.Cluster.Store;
using BucketProxy.Gateway.Participation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Participation;

/// <summary>Writes that the store refuses, or does not answer, for as long as nobody mends it.</summary>
public sealed class WriteSlotTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Lines _lines = new();

    [Fact]
    public async Task Writes_RefusedForLong_PausesGrowAndTheCauseIsToldOnceWithoutAStack()
    {
        var slot = new WriteSlot<int>("p1", _time, _lines, () => { }, CancellationToken.None);
        var pauses = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            await FailAsync(slot, new StoreRejectedException($"etcd KV/Txn at http://etcd-0{i % 3}:2379: PermissionDenied: no") { Cause = "PermissionDenied: no" });
            pauses.Add(slot.UntilRetry!.Value.TotalSeconds);
            _time.Advance(slot.UntilRetry.Value);
            Assert.True(slot.IsFree);
        }

        Assert.Equal([0.5, 1, 2, 4, 8, 8, 8, 8], pauses);
        Assert.Equal("The record of p1 could not be written: etcd KV/Txn at http://etcd-00:2379: PermissionDenied: no. It is tried again; planned moves wait for it.", Assert.Single(_lines.Texts));
        Assert.Equal("etcd KV/Txn at http://etcd-01:2379: PermissionDenied: no", slot.Trouble);
    }

    [Fact]
    public async Task Writes_TheCauseChanges_IsToldAndASuccessEndsTheTrouble()
    {
        var slot = new WriteSlot<int>("p1", _time, _lines, () => { }, CancellationToken.None);
        await FailAsync(slot, new StoreRejectedException("no"));
        _time.Advance(TimeSpan.FromMinutes(1));
        await FailAsync(slot, new StoreUnavailableException("away"));
        // A store that is away is back any moment.
        Assert.Equal(TimeSpan.FromMilliseconds(500), slot.UntilRetry);
        Assert.Equal(2, _lines.Texts.Count);
        _time.Advance(TimeSpan.FromMinutes(1));

        slot.Start(_ => Task.FromResult<Func<int, int>>(n => n + 1));
        Assert.Equal(8, (await slot.TakeOutcomeAsync())!(7));
        Assert.Null(slot.Trouble);
        Assert.Equal(2, _lines.Texts.Count);
    }

    private static async Task FailAsync(WriteSlot<int> slot, Exception failure)
    {
        slot.Start(_ => Task.FromException<Func<int, int>>(failure));
        Assert.Null(await slot.TakeOutcomeAsync());
    }

    private sealed class Lines : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception) + exception);
    }
}
