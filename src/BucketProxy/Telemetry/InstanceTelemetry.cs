using System.Diagnostics.Metrics;
using BucketProxy.Admin;
using BucketProxy.Configuration;
using BucketProxy.Gateway;
using BucketProxy.Gateway.RequestLogging;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Scraping;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BucketProxy.Telemetry;

/// <summary>
/// What one instance tells of itself: figures for whoever scrapes, figures and traces for a collector, a line for each request.
/// The first to be made and the last to be disposed of, so that the end of everything else is told too.
/// </summary>
internal sealed class InstanceTelemetry : IAsyncDisposable
{
    // .NET's own figures: garbage collection, thread pool, CPU, memory. They are of the process, not of the instance.
    private const string RuntimeMeter = "System.Runtime";

    // Nodes by methods by statuses: 64 nodes come near the SDK's usual 2,000, and what is over it has no labels any more.
    private const int DurationSeries = 8000;

    private readonly InstanceMeters _meters = new();
    private readonly OpenTelemetrySdk? _sdk;
    private readonly ScrapeExporter? _scrape;
    private readonly RequestLog? _requests;
    private readonly List<OtlpHealth> _health = [];

    /// <summary>Begins to collect what the settings ask for.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="instance">This process's instance id.</param>
    /// <param name="time">The clock of the request log.</param>
    /// <param name="loggers">Where it is said that a collector is away.</param>
    /// <exception cref="IOException">The request log's or the headers' file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public InstanceTelemetry(BucketProxySettings settings, string instance, TimeProvider time, ILoggerFactory loggers)
    {
        var telemetry = settings.Telemetry;
        var log = loggers.CreateLogger<InstanceTelemetry>();
        var tracing = telemetry.Otlp.Endpoint is not null && telemetry.Traces.IsOn;
        if (telemetry.Metrics)
            _scrape = new ScrapeExporter();
        if (telemetry.Metrics || tracing)
        {
            _sdk = OpenTelemetrySdk.Create(builder =>
            {
                builder.ConfigureResource(resource => resource
                    .AddService(telemetry.ServiceName, serviceVersion: AdminContext.Version, serviceInstanceId: instance)
                    .AddAttributes([new("bucketproxy.cluster", settings.Cluster)]));
                if (telemetry.Metrics)
                    builder.WithMetrics(metrics => Metrics(metrics, telemetry, log));
                if (tracing)
                    builder.WithTracing(traces => Traces(traces, telemetry, log));
            });
        }
        if (settings.Logging.Requests)
        {
            _requests = new RequestLog(
                settings.Logging.RequestFile is { } file ? new FileOutput(file) : new SharedOutput(Console.Out),
                settings.Logging.Format == LogFormat.Json ? RequestLogFormat.Json : RequestLogFormat.Text,
                time);
        }
        Gateway = new GatewayTelemetry
        {
            Meters = _meters,
            Tracing = tracing ? new TraceSampling(telemetry.Traces.Ratio, telemetry.Traces.FollowCallers) : TraceSampling.Off,
            RequestLog = _requests,
        };
    }

    /// <summary>Makes this instance's meters.</summary>
    public IMeterFactory Meters => _meters;

    /// <summary>What the data port is to tell.</summary>
    public GatewayTelemetry Gateway { get; }

    /// <summary>All figures as a page; null: none are collected.</summary>
    public Func<ExpositionFormat, string>? Scrape => _scrape is null ? null : _scrape.Scrape;

    /// <summary>How each signal reaches the collector.</summary>
    public IReadOnlyList<OtlpHealth> Otlp => _health;

    private void Metrics(MeterProviderBuilder metrics, TelemetrySettings telemetry, ILogger log)
    {
        metrics.AddMeter(DataHost.MeterName, Monitor.Service.MonitorService.MeterName, InstanceMetrics.MeterName, RuntimeMeter);
        // A second instance in this process has meters of the same names.
        metrics.AddView(instrument => !_meters.Has(instrument.Meter) && instrument.Meter.Name != RuntimeMeter ? MetricStreamConfiguration.Drop
            : instrument.Name == DataHost.DurationName ? new MetricStreamConfiguration { CardinalityLimit = DurationSeries }
            : null);
        metrics.AddReader(new BaseExportingMetricReader(_scrape!));
        if (telemetry.Otlp is not { Endpoint: { } endpoint, Metrics: true } otlp)
            return;
        metrics.AddReader(new PeriodicExportingMetricReader(
            OtlpExporters.ForMetrics(otlp, Health("metrics", endpoint, log)), (int)otlp.Interval.TotalMilliseconds, (int)otlp.Timeout.TotalMilliseconds));
    }

    private void Traces(TracerProviderBuilder traces, TelemetrySettings telemetry, ILogger log) => traces
        .AddSource(DataHost.ActivitySourceName)
        // The data port has decided before it makes a span.
        .SetSampler(new AlwaysOnSampler())
        .AddProcessor(new BatchActivityExportProcessor(
            OtlpExporters.ForTraces(telemetry.Otlp, Health("traces", telemetry.Otlp.Endpoint!, log)),
            exporterTimeoutMilliseconds: (int)telemetry.Otlp.Timeout.TotalMilliseconds));

    private OtlpHealth Health(string signal, Uri endpoint, ILogger log)
    {
        var health = new OtlpHealth(signal, endpoint, log);
        _health.Add(health);
        return health;
    }

    /// <summary>Sends and writes what is left; for the collector at most 5 s for each signal.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_requests is not null)
            await _requests.DisposeAsync();
        // It blocks while it sends.
        if (_sdk is not null)
            await Task.Run(_sdk.Dispose);
        _meters.Dispose();
    }
}
