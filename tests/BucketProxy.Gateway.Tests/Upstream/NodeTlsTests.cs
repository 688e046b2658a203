using System.Security.Cryptography.X509Certificates;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Nodes with an https URL.</summary>
public sealed class NodeTlsTests
{
    [Fact]
    public async Task Node_CertificateIsNotTrusted_502AndNoRequestReachesIt()
    {
        using var certificates = new TestCertificates();
        using var certificate = X509Certificate2.CreateFromPemFile(certificates.ServerFile, certificates.ServerKeyFile);
        await using var node = new RawServer(certificate: certificate);
        var url = $"https://127.0.0.1:{node.Port}";
        await using var gateway = await GatewayUnderTest.StartAsync(
            new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri(url), LocalUrlText = url });

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(502, response.Status);
        await GatewayUnderTest.UntilAsync(() => node.Connections > 0 && node.OpenConnections == 0, "the connection is given up");
        Assert.Empty(node.Requests);
    }
}
