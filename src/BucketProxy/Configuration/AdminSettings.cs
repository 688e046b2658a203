using BucketProxy.Configuration.Values;

namespace BucketProxy.Configuration;

/// <summary>The operators' port.</summary>
internal sealed record AdminSettings
{
    [Setting("Where the operators' port is opened. Other machines of a SeaTable cluster call /rebalance/ here, so it is open to the network unless bound to localhost.")]
    public ListenAddress Listen { get; init; } = new(null, 5555);

    [Setting("What everyone must show (Authorization: Bearer …) who changes something. Without one, whoever reaches the port may.",
        Secret = true, DefaultText = "none: no token is asked for")]
    public string? Token { get; init; }

    [Setting("A file that holds the token; a line end at its end is ignored.")]
    public string? TokenFile { get; init; }

    [Setting("A PEM file with the certificate to serve https with, followed by those between it and its authority. Read again when it changes.", DefaultText = "none: http")]
    public string? CertificateFile { get; init; }

    [Setting("A PEM file with the certificate's private key. Read again when it changes.")]
    public string? KeyFile { get; init; }
}
