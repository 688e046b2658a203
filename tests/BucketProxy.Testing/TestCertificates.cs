using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BucketProxy.Testing;

/// <summary>
/// An authority of its own, with a certificate for a server on 127.0.0.1 and one for a client, as PEM files; and a second certificate for the
/// server, issued by an authority in between, which its file holds too.
/// </summary>
public sealed class TestCertificates : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("test-certificates-");

    /// <summary>Makes them.</summary>
    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var authority = request.CreateSelfSigned(NotBefore, NotAfter);
        AuthorityFile = Write("ca.pem", authority.ExportCertificatePem());
        (ServerFile, ServerKeyFile) = Issue(authority, "server");
        (ClientFile, ClientKeyFile) = Issue(authority, "client");

        using var betweenKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var betweenRequest = new CertificateRequest("CN=test authority in between", betweenKey, HashAlgorithmName.SHA256);
        betweenRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        betweenRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var betweenCertificate = betweenRequest.Create(authority, NotBefore.AddMinutes(30), NotAfter.AddMinutes(-30), RandomNumberGenerator.GetBytes(8));
        using var between = betweenCertificate.CopyWithPrivateKey(betweenKey);
        (ChainedServerFile, ChainedServerKeyFile) = Issue(between, "chained-server");
        File.AppendAllText(ChainedServerFile, "\n" + betweenCertificate.ExportCertificatePem());
    }

    /// <summary>The authority.</summary>
    public string AuthorityFile { get; }

    /// <summary>The server's certificate.</summary>
    public string ServerFile { get; }

    /// <summary>Its key.</summary>
    public string ServerKeyFile { get; }

    /// <summary>The client's certificate.</summary>
    public string ClientFile { get; }

    /// <summary>Its key.</summary>
    public string ClientKeyFile { get; }

    /// <summary>The server's other certificate, and that of the authority in between.</summary>
    public string ChainedServerFile { get; }

    /// <summary>Its key.</summary>
    public string ChainedServerKeyFile { get; }

    private static DateTimeOffset NotBefore => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static DateTimeOffset NotAfter => TimeProvider.System.GetUtcNow().AddDays(2);

    /// <inheritdoc/>
    public void Dispose() => _directory.Delete(recursive: true);

    private (string Certificate, string Key) Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(authority, NotBefore.AddHours(1), NotAfter.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.pem", certificate.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
