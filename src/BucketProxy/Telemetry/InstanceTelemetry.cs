using System.Diagnostics.Metrics;
using BucketProxy.Gateway.Telemetry;
using OpenTelemetry.Metrics;

namespace BucketProxy.Telemetry;

/// <summary>What the parts of an instance tell through, made by <see cref="TelemetryServices"/>.</summary>
internal sealed class InstanceTelemetry
{
    public InstanceTelemetry(IMeterFactory meters, GatewayTelemetry gateway, IEnumerable<OtlpHealth> otlp, ILogger<InstanceTelemetry> log, MeterProvider? figures = null)
    {
        Meters = meters;
        Gateway = gateway;
        Otlp = [.. otlp];
        Figures = figures;
        foreach (var health in Otlp)
            health.Log = log;
    }

    /// <summary>
    /// Makes this instance's meters. They live as long as the host, whoever asked for them: the last figures are sent when everything
    /// else has ended.
    /// </summary>
    public IMeterFactory Meters { get; }

    /// <summary>What the data port is to tell.</summary>
    public GatewayTelemetry Gateway { get; }

    /// <summary>The figures; null: none are collected.</summary>
    public MeterProvider? Figures { get; }

    /// <summary>How each signal reaches the collector.</summary>
    public IReadOnlyList<OtlpHealth> Otlp { get; }
}
