using System.Net;
using System.Security.Cryptography.X509Certificates;
using BucketProxy.Configuration;
using BucketProxy.Testing;

namespace BucketProxy.Tests.Admin;

public class AdminTlsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Live_OverTls_AnswersWhoTrustsTheAuthority(bool chained)
    {
        using var certificates = new TestCertificates();
        await using var site = await AdminSite.StartAsync(new AdminSettings
        {
            CertificateFile = chained ? certificates.ChainedServerFile : certificates.ServerFile,
            KeyFile = chained ? certificates.ChainedServerKeyFile : certificates.ServerKeyFile,
        });
        var address = new Uri(site.Client.BaseAddress!, "/health/live");
        Assert.Equal("https", address.Scheme);

        using var trusting = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new()
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(certificates.AuthorityFile) },
                    RevocationMode = X509RevocationMode.NoCheck,
                    DisableCertificateDownloads = true,
                },
            },
        });
        using var answer = await trusting.GetAsync(address);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var strange = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => strange.GetAsync(address));
    }
}
