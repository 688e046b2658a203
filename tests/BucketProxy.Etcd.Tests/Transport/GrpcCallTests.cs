using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Testing;

namespace BucketProxy.Etcd.Tests.Transport;

/// <summary>Every answer that is not one, at the level of one call. A put is used, as it is never sent twice: its error is the first attempt's.</summary>
public sealed class GrpcCallTests
{
    [Fact]
    public async Task Call_Sends_WhatGrpcAsksFor()
    {
        var seen = new TaskCompletionSource<(string? Type, string? Te, string? Timeout, string? Leader, string Key)>();
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            var put = await call.ReadAsync(Wire.PutRequest.Parser);
            seen.SetResult((call.Http.Request.ContentType, call.Header("te"), call.Header("grpc-timeout"), call.Header("hasleader"), put.Key.ToStringUtf8()));
            await call.AnswerAsync(new Wire.PutResponse { Header = new() { Revision = 7 } });
        });
        using var client = Clients.For(fake.Endpoint);

        var result = await client.PutAsync("k", "v");

        Assert.Equal(7, result.Header.Revision);
        var (type, te, timeout, leader, key) = await seen.Task;
        Assert.Equal("application/grpc", type);
        Assert.Equal("trailers", te);
        Assert.Equal("true", leader);
        Assert.Equal("k", key);
        Assert.EndsWith("m", timeout, StringComparison.Ordinal);
        Assert.InRange(int.Parse(timeout![..^1], System.Globalization.CultureInfo.InvariantCulture), 1, 20_000);
        Assert.Equal("/etcdserverpb.KV/Put", Assert.Single(fake.Calls));
    }

    [Fact]
    public async Task Call_TrailersOnlyError_HasStatusAndDecodedMessage()
    {
        var error = await PutFailsAsync<EtcdException>(call =>
        {
            call.EndTrailersOnly(3, "key%20%C3%A4%25 is wrong%2");
            return Task.CompletedTask;
        });
        Assert.Equal(EtcdStatusCode.InvalidArgument, error.Status);
        Assert.Equal("key ä% is wrong%2", error.Detail);
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Call_Error_NamesCallEndpointAndStatus()
    {
        EtcdEndpoint? endpoint = null;
        var error = await PutFailsAsync<EtcdException>(
            call =>
            {
                call.EndTrailersOnly(7, "etcdserver: permission denied");
                return Task.CompletedTask;
            },
            e => endpoint = e);
        Assert.Equal($"etcd KV/Put at {endpoint}: PermissionDenied: etcdserver: permission denied", error.Message);
        Assert.Equal(endpoint, error.Endpoint);
    }

    [Fact]
    public async Task Call_StatusInTrailersAfterAMessage_IsTheStatus()
    {
        var error = await PutFailsAsync<EtcdException>(async call =>
        {
            await call.SendAsync(new Wire.PutResponse());
            await call.EndAsync(8, "etcdserver: mvcc: database space exceeded");
        });
        Assert.Equal(EtcdStatusCode.ResourceExhausted, error.Status);
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Call_MissingTrailers_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.SendAsync(new Wire.PutResponse()));
        Assert.Contains("No grpc-status", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OkWithoutAMessage_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.EndAsync(0));
        Assert.Equal(EtcdStatusCode.Internal, error.Status);
        Assert.Contains("deserialize response message", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_TrailersOnlyOk_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call =>
        {
            call.EndTrailersOnly(0);
            return Task.CompletedTask;
        });
        Assert.Contains("must have a response message", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_TwoMessages_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.SendAsync(new Wire.PutResponse());
            await call.SendAsync(new Wire.PutResponse());
            await call.EndAsync(0);
        });
        Assert.Contains("Unexpected data after", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5 + 4)]
    public async Task Call_HalfAFrame_IsNoAnswer(int bytes)
    {
        byte[] frame = [.. FakeCall.FrameHeader(10), .. new byte[10]];
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.SendRawAsync(frame.AsMemory(0, bytes));
            await call.EndAsync(0);
        });
        Assert.Equal(EtcdStatusCode.Internal, error.Status);
        Assert.Contains("Unexpected end of content", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_CompressedMessage_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.SendRawAsync(FakeCall.FrameHeader(0, compressed: 1)));
        Assert.Contains("compressed", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_HugeMessage_IsRefusedBeforeItIsAllocated()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.SendRawAsync(FakeCall.FrameHeader(int.MaxValue)));
        // The same code as etcd's own for a quota that is used up, which would be a refusal.
        Assert.Equal(EtcdStatusCode.ResourceExhausted, error.Status);
        Assert.Contains("exceeds the maximum", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_BytesThatAreNoMessage_IsNoAnswer()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.SendRawAsync((byte[])[.. FakeCall.FrameHeader(2), 0xff, 0xff]));
        Assert.Contains("While parsing a protocol message", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ResetAfterTheRequest_IsUnknown()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.ReadAsync(Wire.PutRequest.Parser);
            call.Reset(2);
        });
        Assert.Equal(EtcdStatusCode.Internal, error.Status);
        Assert.True(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Call_ResetWithinTheAnswer_IsUnknown()
    {
        await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.SendRawAsync(FakeCall.FrameHeader(100));
            call.Reset(2);
        });
    }

    // gRPC gives these the codes "resource exhausted" and "permission denied", with which a server refuses.
    [Theory]
    [InlineData(0xb)]
    [InlineData(0xc)]
    public async Task Call_ResetWithACodeThatSoundsLikeARefusal_IsUnknown(int code)
    {
        await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.ReadAsync(Wire.PutRequest.Parser);
            call.Reset(code);
        });
    }

    [Fact]
    public async Task Rule8_SlowHeaders_EndAtTheDeadline()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call => call.StaySilentAsync(), impatient: true);
        Assert.Equal(EtcdStatusCode.DeadlineExceeded, error.Status);
    }

    [Fact]
    public async Task Rule8_SilentAfterTheMessage_EndsAtTheDeadline()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            await call.SendAsync(new Wire.PutResponse());
            await call.StaySilentAsync();
        }, impatient: true);
        Assert.Equal(EtcdStatusCode.DeadlineExceeded, error.Status);
    }

    [Fact]
    public async Task Call_CallerGivesUp_IsCancelled()
    {
        var arrived = new TaskCompletionSource();
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await call.ReadAsync(Wire.PutRequest.Parser);
            arrived.SetResult();
            await call.StaySilentAsync();
        });
        using var client = Clients.For(fake.Endpoint);
        using var giveUp = new CancellationTokenSource();

        var put = client.PutAsync("k", "v", cancel: giveUp.Token);
        await arrived.Task;
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
    }

    [Fact]
    public async Task Call_AnswerIsAWebPage_SaysSo()
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(async call =>
        {
            call.Http.Response.ContentType = "text/html";
            await call.Http.Response.Body.WriteAsync("<p>hello"u8.ToArray());
        });
        Assert.Contains("text/html", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, EtcdStatusCode.Unauthenticated)]
    [InlineData(404, EtcdStatusCode.Unimplemented)]
    [InlineData(503, EtcdStatusCode.Unavailable)]
    [InlineData(500, EtcdStatusCode.Unknown)]
    public async Task Call_HttpErrorWithoutGrpcStatus_IsMapped(int http, EtcdStatusCode expected)
    {
        var error = await PutFailsAsync<EtcdException>(call =>
        {
            call.Http.Response.StatusCode = http;
            return Task.CompletedTask;
        });
        Assert.Equal(expected, error.Status);
        Assert.Contains(http.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("99")]
    [InlineData("-1")]
    public async Task Call_GrpcStatusThatIsNone_IsUnknown(string status)
    {
        var error = await PutFailsAsync<EtcdOutcomeUnknownException>(call =>
        {
            call.EndTrailersOnly(0);
            call.Http.Response.Headers["grpc-status"] = status;
            return Task.CompletedTask;
        });
        Assert.True(error.OutcomeUnknown);
        Assert.True(Enum.IsDefined(error.Status));
    }

    [Fact]
    public async Task Call_ServerSendsGoAway_CallUnderWayEndsAndTheNextOpensANewConnection()
    {
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            call.Http.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeNotificationFeature>()!.RequestClose();
            await call.ReadAsync(Wire.PutRequest.Parser);
            await call.AnswerAsync(new Wire.PutResponse { Header = new() { MemberId = (ulong)call.Http.Connection.RemotePort } });
        });
        using var client = Clients.For(fake.Endpoint);

        var first = await client.PutAsync("k", "v");
        var second = await client.PutAsync("k", "v");

        Assert.NotEqual(first.Header.MemberId, second.Header.MemberId);
        Assert.Equal(2, fake.Calls.Count);
    }

    private static async Task<T> PutFailsAsync<T>(Func<FakeCall, Task> answer, Action<EtcdEndpoint>? endpoint = null, bool impatient = false)
        where T : EtcdException
    {
        await using var fake = await FakeEtcd.StartAsync(answer);
        endpoint?.Invoke(fake.Endpoint);
        using var client = impatient ? Clients.Impatient(fake.Endpoint) : Clients.For(fake.Endpoint);
        var error = await Assert.ThrowsAnyAsync<T>(() => client.PutAsync("k", "v").Within());
        Assert.Single(fake.Calls);
        return error;
    }
}
