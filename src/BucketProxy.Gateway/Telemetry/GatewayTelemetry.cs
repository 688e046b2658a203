using System.Diagnostics.Metrics;
using BucketProxy.Gateway.RequestLogging;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>What is told of requests, and where to. By default figures are counted for whoever listens, and nothing else.</summary>
public sealed record GatewayTelemetry
{
    /// <summary>Makes the meter; null: a meter of the process. Two data ports in one process are told apart by theirs.</summary>
    public IMeterFactory? Meters { get; init; }

    /// <summary>Which requests get spans. None by default.</summary>
    public TraceSampling Tracing { get; init; } = TraceSampling.Off;

    /// <summary>Where every request is written down; null: nowhere. Not disposed of by the data port.</summary>
    public RequestLog? RequestLog { get; init; }
}
