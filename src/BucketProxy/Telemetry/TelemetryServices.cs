using System.Diagnostics.Metrics;
using BucketProxy.Admin;
using BucketProxy.Configuration;
using BucketProxy.Gateway;
using BucketProxy.Gateway.RequestLogging;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Monitor.Service;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BucketProxy.Telemetry;

/// <summary>
/// What one instance tells of itself, as services of its host: OpenTelemetry for figures, traces and log lines, and a line for each
/// request. The host lets go of them last, so that the end of everything else is told too.
/// </summary>
internal static class TelemetryServices
{
    /// <summary>Adds what the settings ask for.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="instance">This process's instance id.</param>
    /// <param name="time">The clock of the request log.</param>
    public static void Add(IServiceCollection services, BucketProxySettings settings, string instance, TimeProvider time)
    {
        var telemetry = settings.Telemetry;
        var collector = telemetry.Otlp.Endpoint;
        var tracing = collector is not null && telemetry.Traces.IsOn;
        var open = services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService(telemetry.ServiceName, serviceVersion: AdminContext.Version, serviceInstanceId: instance)
            .AddAttributes([new("bucketproxy.cluster", settings.Cluster)]));
        if (telemetry.Metrics)
            open.WithMetrics(metrics => Metrics(metrics, tracing, telemetry.Otlp, collector is not null && telemetry.Otlp.Metrics ? Health("metrics") : null));
        if (tracing)
            open.WithTracing(traces => Traces(traces, telemetry.Otlp, Health("traces")));
        if (collector is not null && telemetry.Otlp.Logs)
            Logs(open, telemetry.Otlp, Health("logs"));

        services.AddSingleton<InstanceTelemetry>();
        if (settings.Logging.Requests)
            services.AddSingleton(_ => RequestLogOf(settings.Logging, time));
        services.AddSingleton(provider => new GatewayTelemetry
        {
            Meters = provider.GetRequiredService<IMeterFactory>(),
            Tracing = tracing ? new TraceSampling(telemetry.Traces.Ratio, telemetry.Traces.FollowCallers) : TraceSampling.Off,
            RequestLog = provider.GetService<RequestLog>(),
        });

        OtlpHealth Health(string signal)
        {
            var health = new OtlpHealth(signal, collector!);
            services.AddSingleton(health);
            return health;
        }
    }

    private static void Metrics(MeterProviderBuilder metrics, bool tracing, OtlpSettings otlp, OtlpHealth? pushed)
    {
        metrics
            .AddMeter(DataHost.MeterName, MonitorService.MeterName, InstanceMetrics.MeterName)
            .AddRuntimeInstrumentation()
            .AddAspNetCoreInstrumentation()
            // A figure's way to a trace that shows it. Asking costs something for every request, so nobody asks where nothing is traced.
            .SetExemplarFilter(tracing ? ExemplarFilterType.TraceBased : ExemplarFilterType.AlwaysOff)
            .AddPrometheusExporter(page =>
            {
                // Which meter a figure is of is no label: a name is of one meter here.
                page.ScopeInfoEnabled = false;
                page.ScrapeResponseCacheDurationMilliseconds = 0;
            });
        if (metrics is IDeferredMeterProviderBuilder deferred)
        {
            deferred.Configure(static (services, builder) =>
            {
                var meters = services.GetRequiredService<IMeterFactory>();
                builder.AddView(instrument => FigureViews.Of(instrument, meters));
            });
        }
        if (pushed is null)
            return;
        metrics.AddOtlpExporter((exporter, reader) =>
        {
            OtlpSending.Configure(exporter, otlp, pushed);
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)otlp.Interval.TotalMilliseconds;
            reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = (int)otlp.Timeout.TotalMilliseconds;
        });
    }

    private static void Traces(TracerProviderBuilder traces, OtlpSettings otlp, OtlpHealth health) => traces
        .AddSource(DataHost.ActivitySourceName)
        // Of the operators' port: orders. Who only looks would fill the traces.
        .AddAspNetCoreInstrumentation(port => port.Filter = http => !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        // The data port has decided before it makes a span.
        .SetSampler(new AlwaysOnSampler())
        .AddOtlpExporter(exporter => OtlpSending.Configure(exporter, otlp, health));

    private static void Logs(OpenTelemetryBuilder open, OtlpSettings otlp, OtlpHealth health) => open.WithLogging(
        logs => logs.AddOtlpExporter((exporter, processor) =>
        {
            OtlpSending.Configure(exporter, otlp, health);
            processor.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = exporter.TimeoutMilliseconds;
        }),
        options => options.IncludeFormattedMessage = true);

    private static RequestLog RequestLogOf(LoggingSettings logging, TimeProvider time) => new(
        logging.RequestFile is { } file ? new FileOutput(file) : new SharedOutput(Console.Out),
        logging.Format == LogFormat.Json ? RequestLogFormat.Json : RequestLogFormat.Text,
        time);
}
