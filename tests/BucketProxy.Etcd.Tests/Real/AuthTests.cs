using System.Diagnostics;
using System.Globalization;
using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Etcd.Watching;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class AuthTests : IAsyncLifetime
{
    private EtcdProcess? _etcd;

    public async Task InitializeAsync()
    {
        // Tokens live 2 s: they run out within a test.
        _etcd = await EtcdProcess.StartNewAsync(new() { Arguments = ["--auth-token-ttl", "2"] });
        await ControlAsync("role", "add", "bucketproxy");
        await ControlAsync("role", "grant-permission", "bucketproxy", "readwrite", "mine/", "--prefix=true");
        await ControlAsync("user", "add", "root:rootpw");
        await ControlAsync("user", "grant-role", "root", "root");
        await ControlAsync("user", "add", "proxy:secret");
        await ControlAsync("user", "grant-role", "proxy", "bucketproxy");
        await ControlAsync("auth", "enable");
    }

    public async Task DisposeAsync() => await _etcd!.DisposeAsync();

    [Fact]
    public async Task Calls_WithUserAndPassword_MayWhatTheRoleMay()
    {
        using var client = For("proxy", "secret");

        await client.PutAsync("mine/a", "1");
        var error = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("theirs", "1"));

        Assert.Equal(EtcdStatusCode.PermissionDenied, error.Status);
        Assert.False(error.OutcomeUnknown);
        Assert.Single((await client.RangeAsync(KeyRange.Prefix("mine/"))).KeyValues);
    }

    [Fact]
    public async Task Calls_WithTheWrongPassword_AreRefused()
    {
        using var client = For("proxy", "wrong");
        var error = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("mine/a", "1"));
        Assert.Equal(EtcdStatusCode.InvalidArgument, error.Status);
        Assert.Contains("authentication failed", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_WithTheWrongPassword_CostEtcdOneQuestionUntilThePauseIsOver()
    {
        var time = new FakeTimeProvider();
        using var client = For("proxy", "wrong", time);
        var before = await AuthenticationsAsync();

        for (var i = 0; i < 10; i++)
            await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("mine/a", "1"));
        Assert.Equal(before + 1, await AuthenticationsAsync());

        time.Advance(TokenSource.LongestPause);
        await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("mine/a", "1"));
        await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("mine/a", "1"));
        Assert.Equal(before + 2, await AuthenticationsAsync());
    }

    [Fact]
    public async Task Watches_WithoutPermission_CostEtcdOneQuestionUntilThePauseIsOver()
    {
        var time = new FakeTimeProvider();
        using var client = For("proxy", "secret", time);
        await client.PutAsync("mine/a", "1");
        var before = await AuthenticationsAsync();

        for (var i = 0; i < 10; i++)
        {
            await using var watch = new WatchReader(client, KeyRange.Prefix("theirs"), 1, owned: false);
            await Assert.ThrowsAsync<EtcdException>(watch.NextAsync);
            await client.PutAsync("mine/a", "2");
        }

        Assert.Equal(before + 1, await AuthenticationsAsync());
    }

    [Fact]
    public async Task Calls_WithoutAUser_AreRefused()
    {
        using var client = new EtcdClient(EtcdClientOptions.ForEndpoints(_etcd!.Endpoint), TimeProvider.System);
        var error = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync("mine/a", "1"));
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Calls_AfterTheTokenRanOut_GoOnWithANewOne()
    {
        using var client = For("proxy", "secret");
        using var other = For("root", "rootpw");
        await client.PutAsync("mine/a", "1");
        await EtcdForgetsTokensAsync();

        await client.PutAsync("mine/a", "2");
        await client.RangeAsync(KeyRange.Prefix("mine/"));
        await other.PutAsync("theirs", "x");
    }

    [Fact]
    public async Task Watch_AfterTheTokenRanOut_OpensWithANewOne()
    {
        using var client = For("proxy", "secret");
        var start = (await client.PutAsync("mine/a", "1")).Header.Revision;
        await EtcdForgetsTokensAsync();
        await using var watch = new WatchReader(client, KeyRange.Prefix("mine/"), start, owned: false);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        Assert.Equal(start, (await watch.NextAsync<WatchChanges>()).Revision);
    }

    [Fact]
    public async Task Watch_WithoutPermission_EndsWithTheReason()
    {
        using var client = For("proxy", "secret");
        await using var watch = new WatchReader(client, KeyRange.Prefix("theirs"), 1, owned: false);

        var error = await Assert.ThrowsAsync<EtcdException>(watch.NextAsync);

        Assert.Equal(EtcdStatusCode.PermissionDenied, error.Status);
    }

    // Simple tokens live in the member's memory: a restart forgets them at once, as their time running out does.
    private async Task EtcdForgetsTokensAsync()
    {
        await _etcd!.TerminateAsync();
        _etcd.Start();
        await _etcd.WaitUntilServingAsync();
    }

    /// <summary>How often etcd was asked for a token, as it counts itself.</summary>
    private async Task<double> AuthenticationsAsync()
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri(_etcd!.Endpoint + "/metrics"));
        return page.Split('\n')
            .Where(line => line.StartsWith("grpc_server_started_total{", StringComparison.Ordinal) && line.Contains("grpc_method=\"Authenticate\"", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }

    private EtcdClient For(string user, string password, TimeProvider? time = null) => new(
        EtcdClientOptions.ForEndpoints(_etcd!.Endpoint) with { Credentials = new EtcdCredentials(user, password), CallTimeout = TimeSpan.FromSeconds(20) },
        time ?? TimeProvider.System);

    private async Task ControlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("etcdctl", ["--endpoints", _etcd!.Endpoint, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ETCDCTL_API"] = "3";
        using var control = Process.Start(start)!;
        var error = await control.StandardError.ReadToEndAsync();
        await control.WaitForExitAsync();
        Assert.True(control.ExitCode == 0, $"etcdctl {string.Join(' ', arguments)}: {error}");
    }
}
