using System.Diagnostics.Metrics;

namespace BucketProxy.Telemetry;

/// <summary>Makes meters under names of their own for the gate beside a proxy: two data ports that count under one name could not be told apart.</summary>
internal sealed class GateMeters(IMeterFactory meters) : IMeterFactory
{
    public Meter Create(MeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return meters.Create(new MeterOptions(options.Name + ".Gate") { Version = options.Version, Tags = options.Tags });
    }

    /// <summary>The meters are those of the factory behind it, and live as long.</summary>
    public void Dispose()
    {
    }
}
