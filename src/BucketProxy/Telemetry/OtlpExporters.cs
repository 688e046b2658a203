using System.Diagnostics;
using BucketProxy.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace BucketProxy.Telemetry;

/// <summary>Exporters for OTLP that say when the collector is away, and when it is back.</summary>
internal static class OtlpExporters
{
    public static OtlpMetricExporter ForMetrics(OtlpSettings settings, OtlpHealth health) =>
        new MetricExporter(Options(settings, "v1/metrics"), health);

    public static OtlpTraceExporter ForTraces(OtlpSettings settings, OtlpHealth health) =>
        new TraceExporter(Options(settings, "v1/traces"), health);

    private static OtlpExporterOptions Options(OtlpSettings settings, string signal)
    {
        var isHttp = settings.Protocol == Configuration.OtlpProtocol.HttpProtobuf;
        var options = new OtlpExporterOptions
        {
            Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
            TimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds,
            // An address that is set in code is taken as it is.
            Endpoint = isHttp ? new Uri(new Uri(settings.Endpoint!.AbsoluteUri.TrimEnd('/') + "/"), signal) : settings.Endpoint!,
        };
        if (SecretFile.Resolve(settings.Headers, settings.HeadersFile) is { Length: > 0 } headers)
            options.Headers = headers;
        return options;
    }

    private sealed class MetricExporter(OtlpExporterOptions options, OtlpHealth health) : OtlpMetricExporter(options)
    {
        public override ExportResult Export(in Batch<Metric> batch) => health.Note(base.Export(batch));
    }

    private sealed class TraceExporter(OtlpExporterOptions options, OtlpHealth health) : OtlpTraceExporter(options)
    {
        public override ExportResult Export(in Batch<Activity> batch) => health.Note(base.Export(batch));
    }
}

/// <summary>Whether one signal reaches the collector.</summary>
internal sealed class OtlpHealth(string signal, Uri endpoint, ILogger log)
{
    private long _failures;
    private int _isAway;

    /// <summary>The signal: <c>metrics</c>, <c>traces</c>.</summary>
    public string Signal => signal;

    /// <summary>Sendings that failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    public ExportResult Note(ExportResult result)
    {
        var isAway = result == ExportResult.Failure;
        if (isAway)
            Interlocked.Increment(ref _failures);
        // Once when it goes and once when it is back: it may stay away for days.
        if (Interlocked.Exchange(ref _isAway, isAway ? 1 : 0) == (isAway ? 1 : 0))
            return result;
        if (isAway)
            Log.CollectorAway(log, signal, endpoint);
        else
            Log.CollectorBack(log, signal, endpoint);
        return result;
    }
}
