using System.Text.Json.Serialization;

namespace BucketProxy.Configuration;

/// <summary>How OTLP is spoken.</summary>
internal enum OtlpProtocol
{
    /// <summary>Protobuf in the bodies of HTTP requests; the usual port is 4318.</summary>
    [JsonStringEnumMemberName("http/protobuf")]
    HttpProtobuf,

    /// <summary>gRPC; the usual port is 4317.</summary>
    Grpc,
}

/// <summary>Figures and traces: what is collected, and where it goes.</summary>
internal sealed record TelemetrySettings
{
    [Setting("Whether figures are collected: for /metrics on the operators' port, and for OTLP. Off, requests are not timed and /metrics is not there.")]
    public bool Metrics { get; init; } = true;

    [Setting("The service's name in figures, traces and log lines (service.name).")]
    public string ServiceName { get; init; } = "bucketproxy";

    [Setting("Sending figures, traces and log lines to a collector by OTLP.")]
    public OtlpSettings Otlp { get; init; } = new();

    [Setting("Which requests are traced. Needs telemetry.otlp.endpoint.")]
    public TraceSettings Traces { get; init; } = new();
}

/// <summary>Sending figures, traces and log lines to a collector.</summary>
internal sealed record OtlpSettings
{
    [Setting("The collector's address, without the signal's path: http://collector:4318 for http/protobuf, http://collector:4317 for grpc.",
        DefaultText = "none: nothing is sent")]
    public Uri? Endpoint { get; init; }

    [Setting("How the collector is spoken to.")]
    public OtlpProtocol Protocol { get; init; } = OtlpProtocol.HttpProtobuf;

    [Setting("Headers to send along, for example what the collector wants to know the sender by: NAME=VALUE, with commas; values percent-encoded.",
        Secret = true, DefaultText = "none")]
    public string? Headers { get; init; }

    [Setting("A file that holds the headers; a line end at its end is ignored.")]
    public string? HeadersFile { get; init; }

    [Setting("Whether figures are sent too. Off where /metrics is read instead, and only the rest is sent.")]
    public bool Metrics { get; init; } = true;

    [Setting("Whether log lines are sent too, beside standard output: the same lines, by the same level. Not the request log. Off where the collector takes no logs.")]
    public bool Logs { get; init; } = true;

    [Setting("How often figures are sent.", Min = "1s", Max = "1h",
        Raise = "Figures are known later.", Lower = "More to send, and more to store.")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    [Setting("How long one sending may take. A stop waits as long for the last one, but never more than 5s.", Min = "100ms", Max = "2m",
        Raise = "A collector that does not answer is noticed later.", Lower = "A slow collector is taken for a dead one.")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Which requests are traced.</summary>
internal sealed record TraceSettings
{
    [Setting("The share of requests that are traced, 0 to 1. Requests of one trace are taken or left alike by every proxy.", Min = "0", Max = "1",
        Raise = "Each traced request costs some 10 µs more and what the collector keeps of it.", Lower = "Rare troubles are seen in no trace.")]
    public double Ratio { get; init; }

    [Setting("Whether a request whose traceparent says that it is sampled, or is not, is taken at its word whatever the ratio. Off where callers are not to decide what tracing costs.")]
    public bool FollowCallers { get; init; }

    /// <summary>Whether any request can be traced.</summary>
    public bool IsOn => Ratio > 0 || FollowCallers;
}
