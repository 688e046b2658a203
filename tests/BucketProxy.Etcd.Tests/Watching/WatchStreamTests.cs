using System.Threading.Channels;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Etcd.Transport;
using BucketProxy.Etcd.Watching;
using Google.Protobuf;

namespace BucketProxy.Etcd.Tests.Watching;

/// <summary>Watches against a server that does what no etcd should.</summary>
public sealed class WatchStreamTests
{
    [Fact]
    public async Task Rule2_Watch_AsksForALeaderProgressAndFragments()
    {
        var seen = new TaskCompletionSource<(string? Leader, Wire.WatchCreateRequest Create)>();
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            seen.SetResult((call.Header("hasleader"), await CreateAsync(call, revision: 3)));
            await call.StaySilentAsync();
        });
        await using var watch = Watch(Clients.For(fake.Endpoint), fromRevision: 4);

        var opened = Assert.IsType<WatchOpened>(await watch.NextAsync());

        Assert.Equal(4, opened.FromRevision);
        var (leader, create) = await seen.Task;
        Assert.Equal("true", leader);
        Assert.True(create.ProgressNotify);
        Assert.True(create.Fragment);
        Assert.Equal(4, create.StartRevision);
    }

    public static TheoryData<string> Ends => ["ok", "cancelled", "reset", "canceled by the server", "half frame", "no leader", "out of order"];

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Rule5_AnyEndOfStream_GoesOnAtTheNextEndpointWhereItLeftOff(string how)
    {
        // A reset drops what was sent but not read yet, so it waits for that.
        var read = new TaskCompletionSource();
        await using var first = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.SendAsync(Change("a", 7));
            await read.Task;
            await EndAsync(call, how);
        });
        var from = new TaskCompletionSource<long>();
        await using var second = await FakeEtcd.StartAsync(async call =>
        {
            from.SetResult((await CreateAsync(call, revision: 50)).StartRevision);
            await call.SendAsync(Change("b", 8));
            await call.StaySilentAsync();
        });
        await using var watch = Watch(Clients.For(first.Endpoint, second.Endpoint), fromRevision: 5);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        Assert.Equal(7, Assert.IsType<WatchChanges>(await watch.NextAsync()).Revision);
        read.SetResult();
        var interrupted = Assert.IsType<WatchInterrupted>(await watch.NextAsync());
        Assert.Equal(second.Endpoint, Assert.IsType<WatchOpened>(await watch.NextAsync()).Endpoint);
        Assert.Equal(8, Assert.IsType<WatchChanges>(await watch.NextAsync()).Revision);

        Assert.Equal(first.Endpoint, interrupted.Reason.Endpoint);
        // Rule 3: not 51, whatever the 'created' answer said.
        Assert.Equal(8, await from.Task);
    }

    [Fact]
    public async Task Rule4_CanceledWithCompactRevision_IsTyped()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.SendAsync(new Wire.WatchResponse { Header = Header(50), Canceled = true, CompactRevision = 40 });
            await call.StaySilentAsync();
        });
        await using var watch = Watch(Clients.For(fake.Endpoint), fromRevision: 5);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        var error = await Assert.ThrowsAsync<EtcdCompactedException>(watch.NextAsync);

        Assert.Equal(40, error.CompactRevision);
        Assert.Single(fake.Calls);
    }

    [Fact]
    public async Task Rule4_AnotherClusterAnswers_EndsTheWatch()
    {
        await using var first = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50, cluster: 1);
            await call.EndAsync(0);
        });
        await using var other = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50, cluster: 2);
            await call.SendAsync(Change("a", 7));
            await call.StaySilentAsync();
        });
        await using var watch = Watch(Clients.For(first.Endpoint, other.Endpoint), fromRevision: 5);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        Assert.IsType<WatchInterrupted>(await watch.NextAsync());
        var error = await Assert.ThrowsAsync<EtcdClusterChangedException>(watch.NextAsync);

        Assert.Equal((1UL, 2UL), (error.Expected, error.Actual));
    }

    [Fact]
    public async Task Rule6_StreamSilentAndProgressUnanswered_IsReopened()
    {
        await using var wedged = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.StaySilentAsync();
        });
        await using var other = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.SendAsync(Change("a", 7));
            await call.StaySilentAsync();
        });
        var options = Clients.OptionsFor(wedged.Endpoint, other.Endpoint) with { WatchProgressInterval = TimeSpan.FromMilliseconds(200) };
        await using var watch = Watch(new EtcdClient(options, TimeProvider.System), fromRevision: 5);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        var interrupted = Assert.IsType<WatchInterrupted>(await watch.NextAsync());
        Assert.IsType<WatchOpened>(await watch.NextAsync());

        Assert.Contains("silent", interrupted.Reason.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule6_StreamSilentButProgressAnswered_IsKept()
    {
        var asked = Channel.CreateUnbounded<bool>();
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            for (var i = 0; i < 5; i++)
            {
                var request = await call.ReadAsync(Wire.WatchRequest.Parser);
                await call.SendAsync(new Wire.WatchResponse { WatchId = -1, Header = Header(60) });
                asked.Writer.TryWrite(request.ProgressRequest is not null);
            }
            await call.SendAsync(Change("a", 7));
            await call.StaySilentAsync();
        });
        var options = Clients.OptionsFor(fake.Endpoint) with { WatchProgressInterval = TimeSpan.FromMilliseconds(300) };
        await using var watch = Watch(new EtcdClient(options, TimeProvider.System), fromRevision: 5);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        // The answers said 60, and the change of revision 7 still counts: rule 3.
        Assert.Equal(7, Assert.IsType<WatchChanges>(await watch.NextAsync()).Revision);

        for (var i = 0; i < 5; i++)
            Assert.True(await asked.Reader.ReadAsync());
    }

    [Fact]
    public async Task Watch_CreateUnanswered_GoesOnAtTheNextEndpoint()
    {
        await using var silent = await FakeEtcd.StartAsync(call => call.StaySilentAsync());
        await using var other = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.StaySilentAsync();
        });
        await using var watch = Watch(Clients.Impatient(silent.Endpoint, other.Endpoint), fromRevision: 5);

        Assert.Equal(EtcdStatusCode.DeadlineExceeded, Assert.IsType<WatchInterrupted>(await watch.NextAsync()).Reason.Status);
        Assert.IsType<WatchOpened>(await watch.NextAsync());
    }

    [Fact]
    public async Task Stream_GivenUpByItsOwner_IsCancelledAndNotInterrupted()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await call.StaySilentAsync();
        });
        var options = Clients.OptionsFor(fake.Endpoint);
        using var channel = new EtcdChannel(fake.Endpoint, options, TimeProvider.System);
        using var giveUp = new CancellationTokenSource();
        using var stream = await WatchStream.OpenAsync(
            channel, KeyRange.All, new WatchCursor(5), token: null, options, TimeProvider.System, giveUp.Token);

        var reading = stream.ReadAsync(CancellationToken.None);
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Watch_PermissionDeniedWithAFreshToken_EndsTheWatch()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
            {
                await call.AnswerAsync(new Wire.AuthenticateResponse { Token = "t" });
                return;
            }
            await call.ReadAsync(Wire.WatchRequest.Parser);
            await call.SendAsync(new Wire.WatchResponse { WatchId = -1, Created = true, Canceled = true, CancelReason = "etcdserver: permission denied", Header = Header(5) });
            await call.StaySilentAsync();
        });
        var options = Clients.OptionsFor(fake.Endpoint) with { Credentials = new EtcdCredentials("u", "p") };
        await using var watch = Watch(new EtcdClient(options, TimeProvider.System), fromRevision: 5);

        var error = await Assert.ThrowsAsync<EtcdException>(watch.NextAsync);

        Assert.Equal(EtcdStatusCode.PermissionDenied, error.Status);
        Assert.Equal(4, fake.Calls.Count);
    }

    [Fact]
    public async Task Rule8_CancellingOneWatch_LeavesItsSiblingAlone()
    {
        var go = new TaskCompletionSource();
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await CreateAsync(call, revision: 50);
            await go.Task.WaitAsync(call.Ended);
            await call.SendAsync(Change("a", 7));
            await call.StaySilentAsync();
        });
        using var client = Clients.For(fake.Endpoint);
        await using var watch = Watch(client, fromRevision: 5, owned: false);
        await using (var sibling = Watch(client, fromRevision: 5, owned: false))
            Assert.IsType<WatchOpened>(await sibling.NextAsync());

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        go.SetResult();

        Assert.Equal(7, Assert.IsType<WatchChanges>(await watch.NextAsync()).Revision);
    }

    [Fact]
    public void Watch_FromRevisionZero_IsNotOffered()
    {
        using var client = Clients.For(Clients.Refusing());
        Assert.Throws<ArgumentOutOfRangeException>(() => client.WatchAsync(KeyRange.All, 0));
    }

    private static async Task<Wire.WatchCreateRequest> CreateAsync(FakeCall call, long revision, ulong cluster = 1)
    {
        var create = (await call.ReadAsync(Wire.WatchRequest.Parser)).CreateRequest;
        await call.SendAsync(new Wire.WatchResponse { Created = true, Header = Header(revision, cluster) });
        return create;
    }

    private static async Task EndAsync(FakeCall call, string how)
    {
        switch (how)
        {
            case "ok": await call.EndAsync(0); break;
            case "cancelled": await call.EndAsync(1); break;
            case "no leader": await call.EndAsync(14, "etcdserver: no leader"); break;
            case "reset": call.Reset(2); break;
            case "half frame": await call.SendRawAsync(FakeCall.FrameHeader(100)); break;
            case "out of order": await call.SendAsync(Change("x", 12, "y", 11)); await call.StaySilentAsync(); break;
            case "canceled by the server":
                await call.SendAsync(new Wire.WatchResponse { Canceled = true, CancelReason = "why not", Header = Header(50) });
                await call.StaySilentAsync();
                break;
            default: throw new ArgumentOutOfRangeException(nameof(how), how, "no such end");
        }
    }

    private static Wire.ResponseHeader Header(long revision, ulong cluster = 1) => new() { ClusterId = cluster, MemberId = 1, Revision = revision };

    private static Wire.WatchResponse Change(string key, long revision, string? second = null, long secondRevision = 0)
    {
        var answer = new Wire.WatchResponse { Header = Header(50), Events = { Event(key, revision) } };
        if (second is not null)
            answer.Events.Add(Event(second, secondRevision));
        return answer;
    }

    private static Mvccpb.Event Event(string key, long revision) =>
        new() { Kv = new() { Key = ByteString.CopyFromUtf8(key), ModRevision = revision, CreateRevision = revision, Version = 1 } };

    private static WatchReader Watch(EtcdClient client, long fromRevision, bool owned = true) => new(client, KeyRange.All, fromRevision, owned);
}
