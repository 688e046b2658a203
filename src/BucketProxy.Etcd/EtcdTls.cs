using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace BucketProxy.Etcd;

/// <summary>Whom to trust, and what to show, on an encrypted connection. The server's name is always checked.</summary>
public sealed record EtcdTls
{
    /// <summary>The only authorities trusted; empty: those of the machine.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>The certificate to show to the server, with its private key; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Reads PEM files.</summary>
    /// <param name="authorityFile">The authorities to trust; null for those of the machine.</param>
    /// <param name="certificateFile">The client's certificate; null for none.</param>
    /// <param name="keyFile">Its private key.</param>
    /// <exception cref="ArgumentException">Of certificate and key only one is given.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file does not hold what it should.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static EtcdTls FromPemFiles(string? authorityFile, string? certificateFile = null, string? keyFile = null)
    {
        if (certificateFile is null != keyFile is null)
            throw new ArgumentException("a client certificate needs both its certificate file and its key file");
        var authorities = new X509Certificate2Collection();
        if (authorityFile is not null)
            authorities.ImportFromPemFile(authorityFile);
        return new EtcdTls
        {
            Authorities = [.. authorities],
            ClientCertificate = certificateFile is null ? null : X509Certificate2.CreateFromPemFile(certificateFile, keyFile),
        };
    }

    internal SslClientAuthenticationOptions ToSslOptions()
    {
        var ssl = new SslClientAuthenticationOptions();
        if (ClientCertificate is { } own)
        {
            ssl.ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);
        }
        if (Authorities.Count > 0)
        {
            ssl.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            ssl.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities.ToArray());
        }
        return ssl;
    }
}
