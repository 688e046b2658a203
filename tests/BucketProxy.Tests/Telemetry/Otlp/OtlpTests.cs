using System.Net;
using BucketProxy.Configuration;
using BucketProxy.Telemetry;
using BucketProxy.Testing;
using BucketProxy.Tests.Composition;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Tests.Telemetry.Otlp;

public sealed class OtlpTests
{
    private const string Base = "0b7a3f0c-8f6e-4f0e-9d2a-1c5b7e9f0a11";

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Serve_CollectorGiven_GetsFiguresSpansAndLogLinesOfASampledRequest(string protocol)
    {
        await using var collector = await OtlpReceiver.StartAsync(protocol == "grpc");
        string node;
        await using (var served = await ServedInstance.StartAsync(1, new Dictionary<string, object>
        {
            ["telemetry"] = new
            {
                serviceName = "bucketproxy-under-test",
                otlp = new { endpoint = collector.Url, protocol, headers = "x-key=se%20cret", interval = "1s" },
                traces = new { ratio = 1 },
            },
        }))
        {
            using var client = new HttpClient { BaseAddress = new Uri(served.DataUrl) };
            using var answer = await client.GetAsync(new Uri($"/dtables/{Base}/", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            node = "dtable-server-01";
        }

        // What is left is sent when the instance stops.
        Assert.Equal(["se cret"], collector.Keys.Keys);
        Assert.All(collector.Resources, r =>
        {
            Assert.Equal("bucketproxy-under-test", r.Attributes.Of("service.name"));
            Assert.Equal("seatable", r.Attributes.Of("bucketproxy.cluster"));
            Assert.NotNull(r.Attributes.Of("service.instance.id"));
        });
        var requests = collector.Metrics.Last(m => m.Name == "bucketproxy.requests");
        Assert.True(requests.Sum.IsMonotonic);
        Assert.Equal(1, requests.Sum.Points.Single(p => p.Attributes.Of("node") == node).AsInt);
        var duration = collector.Metrics.Last(m => m.Name == "http.server.request.duration");
        var took = duration.Histogram.Points.Single(p => p.Attributes.Of("node") == node);
        Assert.Equal("s", duration.Unit);
        Assert.Equal(1ul, took.Count);
        Assert.Equal("200", took.Attributes.Of("http.response.status_code"));
        Assert.Equal(took.ExplicitBounds.Count + 1, took.BucketCounts.Count);
        Assert.Equal(180, took.ExplicitBounds.Max());
        Assert.Equal(256, collector.Metrics.Last(m => m.Name == "bucketproxy.node.buckets").Gauge.Points.Single().AsInt);

        var request = collector.Spans.Single(s => s.Attributes.Of("bucketproxy.base") == Base && s.Kind == 2);
        var forward = collector.Spans.Single(s => s.ParentSpanId == request.SpanId);
        Assert.Equal(("GET", "forward", 3), (request.Name, forward.Name, forward.Kind));
        Assert.Equal(request.TraceId, forward.TraceId);
        Assert.Equal(node, forward.Attributes.Of("bucketproxy.node"));
        // A figure leads to the trace of a request that it counts.
        Assert.Contains(took.Exemplars, e => e.TraceId == request.TraceId && e.SpanId == request.SpanId);

        var (category, opened) = collector.Logs.First(l => l.Line.Body.StringValue.StartsWith("Data port open on ", StringComparison.Ordinal));
        Assert.StartsWith("BucketProxy", category, StringComparison.Ordinal);
        Assert.Equal("Information", opened.SeverityText);
        // Orders at the operators' port are traced, looking is not.
        Assert.DoesNotContain(collector.Spans, s => s.Name.StartsWith("GET /", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_NoRatioGiven_NoSpans()
    {
        await using var collector = await OtlpReceiver.StartAsync(grpc: false);
        await using (var served = await ServedInstance.StartAsync(1, new Dictionary<string, object>
        {
            ["telemetry"] = new { otlp = new { endpoint = collector.Url } },
        }))
        {
            using var client = new HttpClient { BaseAddress = new Uri(served.DataUrl) };
            client.DefaultRequestHeaders.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            using var answer = await client.GetAsync(new Uri($"/dtables/{Base}/", UriKind.Relative));
        }
        Assert.NotEmpty(collector.Metrics);
        Assert.Empty(collector.Spans);
        Assert.All(collector.Metrics.Where(m => m.Histogram is not null).SelectMany(m => m.Histogram.Points), p => Assert.Empty(p.Exemplars));
    }

    [Fact]
    public void Note_CollectorGoesAndComes_EachIsSaidOnceAndEveryFailureCounted()
    {
        var log = new Lines();
        var health = new OtlpHealth("traces", new Uri("http://collector:4318")) { Log = log };

        foreach (var isTaken in new[] { true, false, false, true, true })
            health.Note(isTaken);

        Assert.Equal(2, health.Failures);
        Assert.Equal([LogLevel.Warning, LogLevel.Information], log.Levels);
    }

    [Fact]
    public async Task Telemetry_CollectorIsNotThere_IsSaidAndCountedAndEndsInTime()
    {
        var settings = new BucketProxySettings
        {
            Telemetry = new TelemetrySettings { Otlp = new OtlpSettings { Endpoint = new Uri("http://127.0.0.1:1"), Interval = TimeSpan.FromHours(1) } },
        };
        var told = await ToldInstance.StartAsync(settings);
        told.Loggers.CreateLogger("some").LogError("lost");
        await told.DisposeAsync().AsTask().WaitAsync(Patience.Limit, TimeProvider.System);
        Assert.Equal([("metrics", 1), ("logs", 1)], told.Telemetry.Otlp.Select(o => (o.Signal, o.Failures)));
    }

    [Theory]
    [InlineData(false, 0, 0)]
    [InlineData(true, 0, 0)]
    [InlineData(true, 7, 1)]
    public async Task Telemetry_WhatTheCollectorSaysOfLines_IsHeard(bool grpc, int answer, int failures)
    {
        await using var collector = await OtlpReceiver.StartAsync(grpc);
        collector.GrpcStatus = answer;
        var otlp = new OtlpSettings
        {
            Endpoint = new Uri(collector.Url),
            Protocol = grpc ? BucketProxy.Configuration.OtlpProtocol.Grpc : BucketProxy.Configuration.OtlpProtocol.HttpProtobuf,
            Metrics = false,
        };
        await using var told = await ToldInstance.StartAsync(new BucketProxySettings { Telemetry = new TelemetrySettings { Otlp = otlp } });
        told.Loggers.CreateLogger("some").LogError("it broke at {Place}", "the end");
        await told.DisposeAsync();

        var (_, line) = Assert.Single(collector.Logs, l => l.Category == "some");
        Assert.Equal(("it broke at the end", "Error"), (line.Body.StringValue, line.SeverityText));
        Assert.Equal(failures, Assert.Single(told.Telemetry.Otlp).Failures);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Telemetry_NoCollectorOrNoLinesWanted_NoneAreKept(bool collectorGiven)
    {
        var otlp = new OtlpSettings { Endpoint = collectorGiven ? new Uri("http://127.0.0.1:1") : null, Logs = !collectorGiven, Metrics = false };
        await using var told = await ToldInstance.StartAsync(new BucketProxySettings { Telemetry = new TelemetrySettings { Otlp = otlp } });
        Assert.False(told.Loggers.CreateLogger("some").IsEnabled(LogLevel.Critical));
        Assert.Empty(told.Telemetry.Otlp);
    }

    private sealed class Lines : ILogger
    {
        public List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Levels.Add(logLevel);
    }
}
