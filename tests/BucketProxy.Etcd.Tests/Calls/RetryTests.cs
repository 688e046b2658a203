using System.Net;
using System.Net.Sockets;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Etcd.Tests.Calls;

/// <summary>What is sent again, and what never.</summary>
public sealed class RetryTests
{
    private static readonly Func<FakeCall, Task> Works = async call =>
    {
        if (call.Http.Request.Path.Value!.EndsWith("/Range", StringComparison.Ordinal))
            await call.AnswerAsync(new Wire.RangeResponse { Header = new() { Revision = 5 } });
        else if (call.Http.Request.Path.Value!.EndsWith("/Txn", StringComparison.Ordinal))
            await call.AnswerAsync(new Wire.TxnResponse { Header = new() { Revision = 5 } });
        else
            await call.AnswerAsync(new Wire.PutResponse { Header = new() { Revision = 5 } });
    };

    public static TheoryData<string> MayHaveBeenCarriedOut => ["unavailable", "reset", "silent", "no trailers", "cancelled", "internal"];

    [Theory]
    [MemberData(nameof(MayHaveBeenCarriedOut))]
    public async Task Put_ThatMayHaveBeenCarriedOut_IsNotSentAgain(string how)
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, how));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = how == "silent" ? Clients.Impatient(failing.Endpoint, other.Endpoint) : Clients.For(failing.Endpoint, other.Endpoint);

        var error = await Assert.ThrowsAsync<EtcdOutcomeUnknownException>(() => client.PutAsync("k", "v"));

        Assert.True(error.OutcomeUnknown);
        Assert.Single(failing.Calls);
        Assert.Empty(other.Calls);
        // The endpoint is left all the same: the next call goes elsewhere.
        await client.PutAsync("k", "v");
        Assert.Single(other.Calls);
    }

    [Theory]
    [MemberData(nameof(MayHaveBeenCarriedOut))]
    public async Task WritingTxn_ThatMayHaveBeenCarriedOut_IsNotSentAgain(string how)
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, how));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = how == "silent" ? Clients.Impatient(failing.Endpoint, other.Endpoint) : Clients.For(failing.Endpoint, other.Endpoint);

        await Assert.ThrowsAsync<EtcdOutcomeUnknownException>(() => client.TxnAsync(new() { Then = [Operation.Put("k", "v")] }));

        Assert.Single(failing.Calls);
        Assert.Empty(other.Calls);
    }

    [Theory]
    [MemberData(nameof(MayHaveBeenCarriedOut))]
    public async Task Range_ThatFails_IsSentToTheNext(string how)
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, how));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = how == "silent" ? Clients.Impatient(failing.Endpoint, other.Endpoint) : Clients.For(failing.Endpoint, other.Endpoint);

        var result = await client.RangeAsync(KeyRange.Key("k"));

        Assert.Equal(5, result.Header.Revision);
        Assert.Single(failing.Calls);
        Assert.Single(other.Calls);
    }

    [Fact]
    public async Task ReadOnlyTxn_ThatFails_IsSentToTheNext()
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, "unavailable"));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = Clients.For(failing.Endpoint, other.Endpoint);

        await client.TxnAsync(new() { Then = [Operation.Range(KeyRange.Key("k"))] });

        Assert.Single(other.Calls);
    }

    public static TheoryData<string> NeverCarriedOut => ["refused stream", "no leader", "too many requests"];

    [Theory]
    [MemberData(nameof(NeverCarriedOut))]
    public async Task Put_ThatWasCertainlyNotCarriedOut_IsSentToTheNext(string how)
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, how));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = Clients.For(failing.Endpoint, other.Endpoint);

        Assert.Equal(5, (await client.PutAsync("k", "v")).Header.Revision);

        Assert.Single(other.Calls);
    }

    [Fact]
    public async Task Put_ConnectionRefused_IsSentToTheNext()
    {
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = Clients.For(Clients.Refusing(), other.Endpoint);

        Assert.Equal(5, (await client.PutAsync("k", "v")).Header.Revision);
    }

    [Fact]
    public async Task Put_NobodyListens_IsUnavailableWithNothingChanged()
    {
        using var client = Clients.Impatient(Clients.Refusing(), Clients.Refusing());

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));

        Assert.False(error.OutcomeUnknown);
        Assert.Contains("refused", error.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Put_TimeRunsOutInALaterAttempt_SaysWhatTheFirstMetWith()
    {
        // Refused at the first endpoint; the second takes the connection, and never shakes hands.
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var second = EtcdEndpoint.Parse($"https://{mute.LocalEndpoint}");
        using var client = new EtcdClient(
            Clients.OptionsFor(Clients.Refusing(), second) with { CallTimeout = TimeSpan.FromSeconds(8), ConnectTimeout = TimeSpan.FromSeconds(60) }, TimeProvider.System);

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));

        Assert.False(error.OutcomeUnknown);
        Assert.Contains("refused", error.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Put_Refused_IsNotSentAgain()
    {
        await using var failing = await FakeEtcd.StartAsync(call => FailAsync(call, "denied"));
        await using var other = await FakeEtcd.StartAsync(Works);
        using var client = Clients.For(failing.Endpoint, other.Endpoint);

        var error = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("k", "v"));

        Assert.Equal(EtcdStatusCode.PermissionDenied, error.Status);
        Assert.False(error.OutcomeUnknown);
        Assert.Empty(other.Calls);
    }

    [Fact]
    public async Task Range_EverySilent_EndsAtTheCallsDeadline()
    {
        await using var silent = await FakeEtcd.StartAsync(call => call.StaySilentAsync());
        using var client = Clients.Impatient(silent.Endpoint);

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.RangeAsync(KeyRange.Key("k")));

        Assert.Equal(EtcdStatusCode.DeadlineExceeded, error.Status);
        Assert.InRange(silent.Calls.Count, 2, 4);
    }

    [Fact]
    public async Task Range_LastAttemptEndsWithTheCall_SaysWhatTheAttemptSaw()
    {
        var arrived = new TaskCompletionSource();
        await using var silent = await FakeEtcd.StartAsync(call =>
        {
            arrived.TrySetResult();
            return call.StaySilentAsync();
        });
        var time = new FakeTimeProvider();
        var second = TimeSpan.FromSeconds(1);
        using var client = new EtcdClient(Clients.OptionsFor(silent.Endpoint) with { CallTimeout = second, AttemptTimeout = second }, time);

        var range = client.RangeAsync(KeyRange.Key("k"));
        await arrived.Task.Within();
        time.Advance(second);

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => range.Within());
        Assert.Equal(EtcdStatusCode.DeadlineExceeded, error.Status);
        Assert.Contains("no answer", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Range_Compacted_IsTyped()
    {
        await using var fake = await FakeEtcd.StartAsync(call =>
        {
            call.EndTrailersOnly(11, "etcdserver: mvcc: required revision has been compacted");
            return Task.CompletedTask;
        });
        using var client = Clients.For(fake.Endpoint);

        await Assert.ThrowsAsync<EtcdCompactedException>(() => client.RangeAsync(KeyRange.Key("k"), new() { Revision = 1 }));

        Assert.Single(fake.Calls);
    }

    [Fact]
    public async Task Range_ManyFailTogether_TheRingMovesOnce()
    {
        using var all = new CountdownEvent(8);
        var both = new TaskCompletionSource();
        await using var failing = await FakeEtcd.StartAsync(async call =>
        {
            if (all.Signal())
                both.SetResult();
            await both.Task;
            call.EndTrailersOnly(14, "gone");
        });
        await using var second = await FakeEtcd.StartAsync(Works);
        await using var third = await FakeEtcd.StartAsync(Works);
        using var client = Clients.For(failing.Endpoint, second.Endpoint, third.Endpoint);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.RangeAsync(KeyRange.Key("k"))));

        Assert.Equal(8, second.Calls.Count);
        Assert.Empty(third.Calls);
    }

    private static async Task FailAsync(FakeCall call, string how)
    {
        if (how == "refused stream")
        {
            call.Reset(7);
            return;
        }
        await GrpcFrame.ReadAsync(call.Http.Request.Body, 1 << 20, call.Ended);
        switch (how)
        {
            case "unavailable": call.EndTrailersOnly(14, "etcdserver: request timed out"); break;
            case "cancelled": call.EndTrailersOnly(1); break;
            case "internal": call.EndTrailersOnly(13); break;
            case "no leader": call.EndTrailersOnly(14, "etcdserver: no leader"); break;
            case "too many requests": call.EndTrailersOnly(8, "etcdserver: too many requests"); break;
            case "denied": call.EndTrailersOnly(7, "etcdserver: permission denied"); break;
            case "reset": call.Reset(2); break;
            case "silent": await call.StaySilentAsync(); break;
            case "no trailers": await call.SendAsync(new Wire.PutResponse()); break;
            default: throw new ArgumentOutOfRangeException(nameof(how), how, "no such failure");
        }
    }
}
