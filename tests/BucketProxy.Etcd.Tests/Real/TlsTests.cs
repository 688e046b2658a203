using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class TlsTests : IAsyncLifetime, IDisposable
{
    private readonly TestCertificates _certificates = new();
    private EtcdProcess? _etcd;

    public async Task InitializeAsync() => _etcd = await EtcdProcess.StartNewAsync(new()
    {
        Tls = true,
        Arguments =
        [
            "--cert-file", _certificates.ServerFile, "--key-file", _certificates.ServerKeyFile,
            "--client-cert-auth", "--trusted-ca-file", _certificates.AuthorityFile,
        ],
    });

    public async Task DisposeAsync() => await _etcd!.DisposeAsync();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Call_WithAuthorityAndClientCertificate_Works()
    {
        using var client = For(EtcdTls.FromPemFiles(_certificates.AuthorityFile, _certificates.ClientFile, _certificates.ClientKeyFile));
        await client.PutAsync("k", "v");
        Assert.Single((await client.RangeAsync(KeyRange.Key("k"))).KeyValues);
    }

    [Fact]
    public async Task Call_ServerOfAnotherAuthority_IsNotSent()
    {
        using var others = new TestCertificates();
        using var client = For(EtcdTls.FromPemFiles(others.AuthorityFile, _certificates.ClientFile, _certificates.ClientKeyFile));

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));

        Assert.False(error.OutcomeUnknown);
        Assert.Contains("certificate", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Call_WithTheMachinesAuthorities_IsNotSent()
    {
        using var client = For(new EtcdTls());
        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));
        Assert.Contains("certificate", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Call_WithoutClientCertificate_IsRefusedByTheServer()
    {
        using var client = For(EtcdTls.FromPemFiles(_certificates.AuthorityFile));
        await Assert.ThrowsAnyAsync<EtcdException>(() => client.PutAsync("k", "v"));
    }

    [Fact]
    public async Task Call_ToAnotherName_IsNotSent()
    {
        // The certificate is for 127.0.0.1 only.
        var options = EtcdClientOptions.ForEndpoints($"https://localhost:{_etcd!.ClientPort}") with
        {
            Tls = EtcdTls.FromPemFiles(_certificates.AuthorityFile, _certificates.ClientFile, _certificates.ClientKeyFile),
            CallTimeout = TimeSpan.FromSeconds(10),
        };
        using var client = new EtcdClient(options, TimeProvider.System);

        var error = await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.PutAsync("k", "v"));

        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromPemFiles_CertificateWithoutKey_Throws()
    {
        Assert.Throws<ArgumentException>(() => EtcdTls.FromPemFiles(null, _certificates.ClientFile));
    }

    private EtcdClient For(EtcdTls tls) => new(
        EtcdClientOptions.ForEndpoints(_etcd!.Endpoint) with { Tls = tls, CallTimeout = TimeSpan.FromSeconds(5), ConnectTimeout = TimeSpan.FromSeconds(4) },
        TimeProvider.System);
}
