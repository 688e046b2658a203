using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using BucketProxy.Tests.Telemetry.Otlp.Messages;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Tests.Telemetry.Otlp;

/// <summary>A collector: takes metrics, traces and log lines by OTLP over HTTP or gRPC, and keeps them.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ExportMetricsRequest> _metrics = new();
    private readonly ConcurrentQueue<ExportTraceRequest> _traces = new();
    private readonly ConcurrentQueue<ExportLogsRequest> _logs = new();

    private OtlpReceiver(HttpProtocols protocol)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocol));
        _app = builder.Build();
        _app.MapPost("/v1/metrics", c => HttpAsync(c, _metrics, ExportMetricsRequest.Parser));
        _app.MapPost("/v1/traces", c => HttpAsync(c, _traces, ExportTraceRequest.Parser));
        _app.MapPost("/v1/logs", c => HttpAsync(c, _logs, ExportLogsRequest.Parser));
        _app.MapPost("/opentelemetry.proto.collector.logs.v1.LogsService/Export", c => GrpcAsync(c, _logs, ExportLogsRequest.Parser));
        _app.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", c => GrpcAsync(c, _metrics, ExportMetricsRequest.Parser));
        _app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", c => GrpcAsync(c, _traces, ExportTraceRequest.Parser));
    }

    public string Url => _app.Urls.Single();

    /// <summary>The header x-key of everything that came.</summary>
    public ConcurrentDictionary<string, bool> Keys { get; } = new();

    public IEnumerable<Resource> Resources => _metrics.SelectMany(m => m.ResourceMetrics).Select(r => r.Resource)
        .Concat(_traces.SelectMany(t => t.ResourceSpans).Select(r => r.Resource))
        .Concat(_logs.SelectMany(t => t.ResourceLogs).Select(r => r.Resource));

    public IEnumerable<Metric> Metrics => _metrics.SelectMany(m => m.ResourceMetrics).SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics);

    public IEnumerable<Span> Spans => _traces.SelectMany(t => t.ResourceSpans).SelectMany(r => r.ScopeSpans).SelectMany(s => s.Spans);

    public IEnumerable<(string Category, LogRecord Line)> Logs => _logs.SelectMany(l => l.ResourceLogs).SelectMany(r => r.ScopeLogs)
        .SelectMany(s => s.LogRecords.Select(l => (s.Scope.Name, l)));

    /// <summary>What it answers to gRPC; not 0: it takes nothing.</summary>
    public int GrpcStatus { get; set; }

    public static async Task<OtlpReceiver> StartAsync(bool grpc)
    {
        var receiver = new OtlpReceiver(grpc ? HttpProtocols.Http2 : HttpProtocols.Http1);
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HttpAsync<T>(HttpContext http, ConcurrentQueue<T> queue, MessageParser<T> parser) where T : IMessage<T>
    {
        Assert.Equal("application/x-protobuf", http.Request.ContentType);
        queue.Enqueue(parser.ParseFrom(await BodyAsync(http)));
        http.Response.ContentType = "application/x-protobuf";
    }

    private async Task GrpcAsync<T>(HttpContext http, ConcurrentQueue<T> queue, MessageParser<T> parser) where T : IMessage<T>
    {
        var body = await BodyAsync(http);
        Assert.Equal(body.Length - 5, BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)));
        queue.Enqueue(parser.ParseFrom(body, 5, body.Length - 5));
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(new byte[5]);
        http.Response.AppendTrailer("grpc-status", GrpcStatus.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<byte[]> BodyAsync(HttpContext http)
    {
        Keys[http.Request.Headers["x-key"].ToString()] = true;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}

/// <summary>Reads attributes.</summary>
internal static class Attributes
{
    public static string? Of(this IEnumerable<KeyValue> attributes, string key) => attributes.SingleOrDefault(a => a.Key == key)?.Value switch
    {
        null => null,
        { ValueCase: AnyValue.ValueOneofCase.IntValue } value => value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
        { } value => value.StringValue,
    };
}
