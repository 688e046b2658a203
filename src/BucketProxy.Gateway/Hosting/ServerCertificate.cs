using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BucketProxy.Gateway.Logging;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// The certificate of a port, from PEM files that are looked at again and again: who renews a certificate writes files and restarts nothing.
/// Connections that stand keep the certificate that they began with.
/// </summary>
public sealed class ServerCertificate : IDisposable
{
    /// <summary>How often the files are looked at: renewals come days before a certificate ends, and tests want to see one.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly string _certificateFile;
    private readonly string? _keyFile;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private readonly Lock _lookLock = new();
    private byte[] _seen;
    private string? _lastFailure;
    private volatile SslStreamCertificateContext _current;

    /// <summary>Reads the files, and goes on looking at them.</summary>
    /// <param name="certificateFile">PEM: the certificate, then those between it and the authority.</param>
    /// <param name="keyFile">PEM: the certificate's private key, without a password; null: it is in the same file.</param>
    /// <param name="time">When to look again.</param>
    /// <param name="log">Tells of renewals.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="CryptographicException">A file holds no certificate or key, or the key is not the certificate's.</exception>
    public ServerCertificate(string certificateFile, string? keyFile, TimeProvider time, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(certificateFile);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(log);
        _certificateFile = certificateFile;
        _keyFile = keyFile;
        _log = log;
        (_seen, var certificate, var key) = Read();
        _current = Load(certificate, key);
        _timer = time.CreateTimer(static c => ((ServerCertificate)c!).Look(), this, LookInterval, LookInterval);
    }

    /// <summary>What a handshake that begins now shows.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <summary>Stops looking.</summary>
    public void Dispose() => _timer.Dispose();

    private static SslStreamCertificateContext Load(string certificate, string key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        X509Certificate2 leaf;
        try
        {
            leaf = X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (ArgumentException e)
        {
            // The key is another certificate's.
            throw new CryptographicException(e.Message, e);
        }
        // Offline: what stands between it and the authority is in the file, or nobody asks the network for it.
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    // Two readings may come at once when one is slow.
    private void Look()
    {
        lock (_lookLock)
        {
            try
            {
                var (hash, certificate, key) = Read();
                if (_seen.AsSpan().SequenceEqual(hash))
                    return;
                var loaded = Load(certificate, key);
                (_seen, _current, _lastFailure) = (hash, loaded, null);
                Log.CertificateRenewed(_log, _certificateFile, loaded.TargetCertificate.NotAfter.ToUniversalTime());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // Two files cannot be replaced at once: the next look sees both. Said once for each reason.
                if (_lastFailure == e.Message)
                    return;
                _lastFailure = e.Message;
                Log.CertificateNotRenewed(_log, e, _certificateFile);
            }
        }
    }

    private (byte[] Hash, string Certificate, string Key) Read()
    {
        var certificate = File.ReadAllText(_certificateFile);
        var key = _keyFile is null ? certificate : File.ReadAllText(_keyFile);
        return (SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(certificate + '\0' + key)), certificate, key);
    }
}
