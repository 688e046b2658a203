using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using BucketProxy.Admin;

namespace BucketProxy.Telemetry;

/// <summary>
/// Makes the meters of one instance. Their scope is this object, by which two instances in one process are told apart. They live as
/// long as it does, whoever asked for them: the last figures are sent when everything else has ended.
/// </summary>
internal sealed class InstanceMeters : IMeterFactory
{
    private readonly ConcurrentBag<OwnedMeter> _meters = [];

    /// <summary>Whether a meter was made here.</summary>
    public bool Has(Meter meter) => ReferenceEquals(meter.Scope, this);

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        options.Version ??= AdminContext.Version;
        var meter = new OwnedMeter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        foreach (var meter in _meters)
            meter.End();
    }

    private sealed class OwnedMeter(MeterOptions options) : Meter(options)
    {
        public void End() => base.Dispose(true);

        [SuppressMessage("Usage", "CA2215", Justification = "Its factory ends it, by End.")]
        protected override void Dispose(bool disposing)
        {
        }
    }
}
