using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using BenchmarkDotNet.Attributes;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.RequestLogging;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace BucketProxy.Benchmarks;

/// <summary>
/// What is told of one request, from its head to its end, on the thread that carries it. Budget: nothing allocated but for a traced
/// request, and figures for less than 300 ns.
/// </summary>
public class TelemetryBenchmarks : IDisposable, IMeterFactory
{
    private readonly DefaultHttpContext _http;
    private readonly NodeLinks _links = new(new GatewayOptions(), TimeProvider.System);
    private readonly HoldRoom _holds;
    private readonly Traffic _traffic;
    private readonly MeterProvider _figures;
    private readonly TracerProvider _traces;
    private readonly RequestLog _log;
    private readonly List<GatewayMetrics> _metrics = [];
    private readonly (RequestTelemetry Telemetry, RequestTracing Tracing) _counted;
    private readonly (RequestTelemetry Telemetry, RequestTracing Tracing) _timed;
    private readonly (RequestTelemetry Telemetry, RequestTracing Tracing) _logged;
    private readonly (RequestTelemetry Telemetry, RequestTracing Tracing) _unsampled;
    private readonly (RequestTelemetry Telemetry, RequestTracing Tracing) _traced;

    public TelemetryBenchmarks()
    {
        var current = new CurrentTable();
        _holds = new HoldRoom(current, new GatewayOptions(), TimeProvider.System);
        _traffic = new Traffic(current, TimeProvider.System);
        var features = new FeatureCollection();
        var request = new HttpRequestFeature { Method = "GET", RawTarget = Targets.Rows, Path = "/api/v1/dtables/x/rows/", Protocol = "HTTP/1.1", Scheme = "http" };
        request.Headers.Host = "cloud.example.com";
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = IPAddress.Parse("10.0.0.7") });
        var node = new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri("http://10.0.0.4:5000"), LocalUrlText = "http://10.0.0.4:5000" };
        var target = new TargetExtractor().Extract(Targets.Rows);
        var entry = new RoutingEntry { Bucket = target.BaseId.Bucket, State = EntryState.Open, Owner = node, Epoch = 1 };
        features.Set<ITargetFeature>(new TargetFeature(Targets.Rows, target, Carriage.Plain));
        features.Set<IGrantFeature>(new Grant(entry, _links.For(node), TimeSpan.Zero));
        _http = new DefaultHttpContext(features);

        // Figures are of those meters alone that were made here.
        _figures = Sdk.CreateMeterProviderBuilder()
            .AddMeter(DataHost.MeterName)
            .AddView(instrument => ReferenceEquals(instrument.Meter.Scope, this) ? null : MetricStreamConfiguration.Drop)
            .AddReader(new BaseExportingMetricReader(new Unread<Metric>()))
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .AddSource(DataHost.ActivitySourceName)
            .SetSampler(new AlwaysOnSampler())
            .AddProcessor(new SimpleActivityExportProcessor(new Unread<Activity>()))
            .Build();
        _log = new RequestLog(new Nowhere(), RequestLogFormat.Json, TimeProvider.System);
        _counted = Telemetry(new GatewayTelemetry());
        _timed = Telemetry(new GatewayTelemetry { Meters = this });
        _logged = Telemetry(new GatewayTelemetry { Meters = this, RequestLog = _log });
        _unsampled = Telemetry(new GatewayTelemetry { Meters = this, Tracing = new TraceSampling(double.Epsilon, true) });
        _traced = Telemetry(new GatewayTelemetry { Meters = this, Tracing = new TraceSampling(1, true) });
    }

    [Benchmark(Baseline = true)]
    public void Counted() => Tell(_counted);

    [Benchmark]
    public void Figures() => Tell(_timed);

    /// <summary>The hand-over; the line is made by another thread, whose work counts here too where it gets in the way.</summary>
    [Benchmark]
    public void FiguresAndRequestLog() => Tell(_logged);

    [Benchmark]
    public void FiguresAndNoTrace() => Tell(_unsampled);

    [Benchmark]
    public void FiguresAndTrace() => Tell(_traced);

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        return new Meter(options);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _figures.Dispose();
        _traces.Dispose();
        foreach (var metrics in _metrics)
            metrics.Dispose();
        _holds.Dispose();
        _links.Dispose();
    }

    [GlobalCleanup]
    public ValueTask CleanUpAsync() => _log.DisposeAsync();

    private (RequestTelemetry, RequestTracing) Telemetry(GatewayTelemetry telemetry)
    {
        _metrics.Add(new GatewayMetrics(_links, _holds, _traffic, new ConnectionCount(most: 0), telemetry));
        var tracing = new RequestTracing(telemetry);
        return (new RequestTelemetry(_metrics[^1], telemetry, tracing, _traffic, TimeProvider.System), tracing);
    }

    private void Tell((RequestTelemetry Telemetry, RequestTracing Tracing) one)
    {
        var beganAt = one.Telemetry.Began();
        var span = one.Tracing.BeginRequest(_http);
        if (span is not null)
            _http.Features.Set<ISpanFeature>(new SpanFeature(span));
        one.Telemetry.Ended(_http, beganAt);
        if (span is not null)
            _http.Features.Set<ISpanFeature>(null);
    }

    private sealed class Unread<T> : BaseExporter<T> where T : class
    {
        public override ExportResult Export(in Batch<T> batch) => ExportResult.Success;
    }

    private sealed class Nowhere : IRequestLogOutput
    {
        public Task WriteAsync(ReadOnlyMemory<byte> lines) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
