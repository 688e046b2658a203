using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Etcd.Tests.Calls;

public sealed class TokenTests
{
    [Theory]
    [InlineData(16, "etcdserver: invalid auth token")]
    [InlineData(3, "etcdserver: revision of auth store is old")]
    [InlineData(3, "etcdserver: user name is empty")]
    public async Task Put_TokenRanOut_IsSentAgainWithANewOne(int status, string message)
    {
        var issued = 0;
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
            {
                await call.AnswerAsync(new Wire.AuthenticateResponse { Token = $"token{Interlocked.Increment(ref issued)}" });
                return;
            }
            if (call.Header("token") == "token2")
                await call.AnswerAsync(new Wire.PutResponse { Header = new() { Revision = 9 } });
            else
                call.EndTrailersOnly(status, Uri.EscapeDataString(message));
        });
        using var client = For(fake.Endpoint);

        Assert.Equal(9, (await client.PutAsync("k", "v")).Header.Revision);

        Assert.Equal(2, issued);
    }

    [Fact]
    public async Task Put_TokenNeverDoes_EndsAfterOneRenewal()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
                await call.AnswerAsync(new Wire.AuthenticateResponse { Token = "t" });
            else
                call.EndTrailersOnly(16, "etcdserver: invalid auth token");
        });
        using var client = For(fake.Endpoint);

        var error = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("k", "v"));

        Assert.Equal(EtcdStatusCode.Unauthenticated, error.Status);
        Assert.Equal(4, fake.Calls.Count);
    }

    [Fact]
    public async Task Calls_AtOnce_AskForOneToken()
    {
        var issued = 0;
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
                await call.AnswerAsync(new Wire.AuthenticateResponse { Token = $"token{Interlocked.Increment(ref issued)}" });
            else
                await call.AnswerAsync(new Wire.RangeResponse());
        });
        using var client = For(fake.Endpoint);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.RangeAsync(KeyRange.Key("k"))));

        Assert.Equal(1, issued);
    }

    [Fact]
    public async Task Put_NoTokenToBeHadInTime_IsNotOutcomeUnknown()
    {
        await using var fake = await FakeEtcd.StartAsync(call => call.StaySilentAsync());
        using var client = new EtcdClient(
            Clients.OptionsFor(fake.Endpoint) with
            {
                Credentials = new EtcdCredentials("root", "secret"),
                CallTimeout = TimeSpan.FromSeconds(2),
                AttemptTimeout = TimeSpan.FromSeconds(1),
            },
            TimeProvider.System);

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));

        Assert.False(error.OutcomeUnknown);
        Assert.DoesNotContain("/etcdserverpb.KV/Put", fake.Calls);
    }

    [Fact]
    public async Task Put_ServerAsksNobody_IsSentWithoutAToken()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
                call.EndTrailersOnly(9, "etcdserver: authentication is not enabled");
            else if (call.Header("token") is null)
                await call.AnswerAsync(new Wire.PutResponse());
            else
                call.EndTrailersOnly(3, "a token came along");
        });
        using var client = For(fake.Endpoint);

        await client.PutAsync("k", "v");
    }

    [Fact]
    public async Task Calls_WrongPassword_AskEtcdInPausesThatGrow()
    {
        var asked = 0;
        var right = false;
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
            {
                Interlocked.Increment(ref asked);
                if (Volatile.Read(ref right))
                    await call.AnswerAsync(new Wire.AuthenticateResponse { Token = "t" });
                else
                    call.EndTrailersOnly(3, "etcdserver: authentication failed, invalid user ID or password");
                return;
            }
            await call.AnswerAsync(new Wire.RangeResponse());
        });
        var time = new FakeTimeProvider();
        using var client = For(fake.Endpoint, time);

        // Two minutes, with many calls at once five times a second.
        for (var tick = 0; tick < 600; tick++)
        {
            foreach (var call in Enumerable.Range(0, 4).Select(_ => client.RangeAsync(KeyRange.Key("k"))).ToList())
            {
                var error = await Assert.ThrowsAsync<EtcdException>(() => call);
                Assert.Equal((EtcdStatusCode.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"), (error.Status, error.Detail));
            }
            time.Advance(TimeSpan.FromMilliseconds(200));
        }
        // 1, 2, 4, 8, 16 and 30 s, each shortened by half at most.
        Assert.InRange(asked, 4, 16);

        Volatile.Write(ref right, true);
        time.Advance(TokenSource.LongestPause);
        await client.RangeAsync(KeyRange.Key("k"));
    }

    [Fact]
    public async Task Calls_TokensThatNeverDo_AskEtcdForNewOnesInPausesThatGrow()
    {
        var asked = 0;
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Http.Request.Path == "/etcdserverpb.Auth/Authenticate")
                await call.AnswerAsync(new Wire.AuthenticateResponse { Token = $"t{Interlocked.Increment(ref asked)}" });
            else
                call.EndTrailersOnly(16, "etcdserver: invalid auth token");
        });
        var time = new FakeTimeProvider();
        using var client = For(fake.Endpoint, time);

        for (var tick = 0; tick < 600; tick++)
        {
            Assert.Equal(EtcdStatusCode.Unauthenticated, (await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("k", "v"))).Status);
            time.Advance(TimeSpan.FromMilliseconds(200));
        }
        Assert.InRange(asked, 4, 16);
    }

    private static EtcdClient For(EtcdEndpoint endpoint, TimeProvider? time = null) =>
        new(Clients.OptionsFor(endpoint) with { Credentials = new EtcdCredentials("root", "secret") }, time ?? TimeProvider.System);
}
