using System.Collections.Immutable;

namespace BucketProxy.Configuration;

/// <summary>How etcd is reached.</summary>
internal sealed record EtcdSettings
{
    [Setting("The etcd members: host, host:port or http(s)://host:port. A host without a port means 2379. One is kept to as long as it answers.",
        Allowed = "host, host:port or http(s)://host:port")]
    public ImmutableArray<string> Endpoints { get; init; } = [];

    [Setting("The etcd user, where etcd asks for one.")]
    public string? User { get; init; }

    [Setting("The user's password.", Secret = true)]
    public string? Password { get; init; }

    [Setting("A file that holds the user's password; a line end at its end is ignored.")]
    public string? PasswordFile { get; init; }

    [Setting("A PEM file with the authorities to trust. Given (or certificateFile), endpoints without a scheme are taken as https.", DefaultText = "those of the machine")]
    public string? CaFile { get; init; }

    [Setting("A PEM file with the client certificate to show to etcd.")]
    public string? CertificateFile { get; init; }

    [Setting("A PEM file with the client certificate's private key.")]
    public string? KeyFile { get; init; }

    [Setting("Put in front of every key, so that several clusters can share one etcd. SeaTable's own programs use none.", DefaultText = "empty")]
    public string KeyPrefix { get; init; } = "";

    [Setting("The whole time of one call, retries included.", Min = "500ms", Max = "1m",
        Raise = "Callers wait longer for an etcd that will not answer.",
        Lower = "A slow etcd is taken for a dead one.")]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Any of these asks for encryption where an endpoint does not say.</summary>
    public bool UsesTls => (CaFile ?? CertificateFile) is not null
        || Endpoints.Any(e => e.TrimStart().StartsWith("https:", StringComparison.OrdinalIgnoreCase));
}
