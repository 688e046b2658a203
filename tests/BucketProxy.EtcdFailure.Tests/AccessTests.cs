using System.Diagnostics;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>A proxy that is not, or no longer, let in.</summary>
public sealed class AccessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Token_RunsOut_TheMirrorGoesOn()
    {
        await using var etcd = await EtcdProcess.StartNewAsync(new() { Arguments = ["--auth-token-ttl", "1"] });
        foreach (var command in (string[][])[["user", "add", "root:pw"], ["user", "grant-role", "root", "root"], ["auth", "enable"]])
            await Command.RunAsync("etcdctl", ["--endpoints", etcd.Endpoint, .. command]);
        var options = EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { Credentials = new("root", "pw") };
        // Its comparing reads are further apart than a token lives: each finds its token gone.
        await using var lab = await MirrorLab.StartAsync(options, output, mirror: new() { RereadInterval = TimeSpan.FromSeconds(3) });

        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 4; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            await lab.UntilEpochAsync(i, await lab.AssignAsync(i, 2));
        }

        // Read after read was answered although each found its token gone.
        await lab.UntilAsync(() => lab.Mirror.Status.LastError is null, "an answered read");
        await lab.RecoveredAsync("tokens that live 1 s, for 12 s (nothing to notice)", null, started);
    }

    [Fact]
    public async Task Permission_TakenAwayAndGivenBack_TableStaysAndThenFollows()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        string[] root = ["--endpoints", etcd.Endpoint, "--user", "root:pw"];
        foreach (var command in (string[][])
            [["user", "add", "root:pw"], ["user", "grant-role", "root", "root"], ["user", "add", "proxy:pw"], ["role", "add", "p"],
             ["role", "grant-permission", "p", "readwrite", "", "--prefix=true"], ["user", "grant-role", "proxy", "p"], ["auth", "enable"]])
        {
            await Command.RunAsync("etcdctl", ["--endpoints", etcd.Endpoint, .. command]);
        }
        var writer = EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { Credentials = new("root", "pw") };
        await using var lab = await MirrorLab.StartAsync(
            EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { Credentials = new("proxy", "pw") }, output, writer, new() { RereadInterval = TimeSpan.FromSeconds(1) });

        var taken = Stopwatch.GetTimestamp();
        await Command.RunAsync("etcdctl", [.. root, "user", "revoke-role", "proxy", "p"]);
        await lab.UntilAsync(() => lab.Mirror.Status.LastError is not null, "the refusal");
        var noticed = Stopwatch.GetElapsedTime(taken);
        Assert.Contains("PermissionDenied", lab.Mirror.Status.LastError, StringComparison.Ordinal);
        Assert.Equal(256, lab.Observer.Table!.Buckets.Count(b => b.Owner is not null));

        await Command.RunAsync("etcdctl", [.. root, "user", "grant-role", "proxy", "p"]);
        var given = Stopwatch.GetTimestamp();
        await lab.UntilEpochAsync(9, await lab.AssignAsync(9, 2));
        await lab.UntilAsync(() => lab.Mirror.Status.LastError is null, "the comparing read");
        await lab.RecoveredAsync("permission taken away and given back", noticed, given);
    }

    [Fact]
    public async Task Etcd_ComesBackWithACertificateOfAnotherAuthority_TableStaysUntilTheRightOneIsBack()
    {
        using var ours = new TestCertificates();
        using var others = new TestCertificates();
        await using var etcd = await EtcdProcess.StartNewAsync(new() { Tls = true, Arguments = With(ours) });
        var options = EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { Tls = EtcdTls.FromPemFiles(ours.AuthorityFile), ConnectTimeout = TimeSpan.FromSeconds(5) };
        await using var lab = await MirrorLab.StartAsync(options, output);
        var epoch = lab.Observer.Table![new Bucket(7)].Epoch;

        var since = Stopwatch.GetTimestamp();
        await etcd.TerminateAsync();
        await using (var wrong = EtcdProcess.Create(Same(etcd, others)))
        {
            wrong.Start();
            await wrong.WaitUntilServingAsync();
            await lab.UntilAsync(() => lab.Mirror.Status.LastError?.Contains("certificate", StringComparison.OrdinalIgnoreCase) == true, "the refusal");
            await wrong.TerminateAsync();
        }
        var noticed = Stopwatch.GetElapsedTime(since);
        Assert.False(lab.Mirror.Status.Connected);
        Assert.Equal(epoch, lab.Observer.Table![new Bucket(7)].Epoch);

        etcd.Start();
        await etcd.WaitUntilServingAsync();
        var back = Stopwatch.GetTimestamp();
        await lab.RecoveredAsync("etcd back with another authority's certificate, then the right one", noticed, back);
    }

    private static EtcdNodeOptions Same(EtcdProcess etcd, TestCertificates certificates) => new()
    {
        Tls = true,
        Arguments = With(certificates),
        DataDirectory = etcd.DataDirectory,
        ClientPort = etcd.ClientPort,
        PeerPort = etcd.PeerPort,
    };

    private static string[] With(TestCertificates certificates) => ["--cert-file", certificates.ServerFile, "--key-file", certificates.ServerKeyFile];
}
