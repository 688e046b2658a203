namespace BucketProxy.Import.Splits;

/// <summary>What of a configuration one of our settings stands for. Null: it does not say.</summary>
public sealed record ImportedSettings
{
    /// <summary>Where it listens: <c>*:5000</c>, <c>127.0.0.1:5000</c>, <c>[::1]:5000</c>.</summary>
    public string? Listen { get; init; }

    /// <summary>A PEM file.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>A PEM file.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The largest request body in bytes; 0: no limit.</summary>
    public long? MaxBodySize { get; init; }

    /// <summary>How long a server may be silent.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>How long a connect may take.</summary>
    public TimeSpan? ConnectTimeout { get; init; }
}
