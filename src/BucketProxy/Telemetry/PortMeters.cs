using System.Diagnostics.Metrics;

namespace BucketProxy.Telemetry;

/// <summary>Makes meters that say of which port they are, for a second data port in one process.</summary>
internal sealed class PortMeters(IMeterFactory meters, string port) : IMeterFactory
{
    public Meter Create(MeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return meters.Create(new MeterOptions(options.Name)
        {
            Version = options.Version,
            TelemetrySchemaUrl = options.TelemetrySchemaUrl,
            Tags = [.. options.Tags ?? [], new("port", port)],
        });
    }

    /// <summary>The meters are those of the factory behind it, and live as long.</summary>
    public void Dispose()
    {
    }
}
