using System.Collections.Concurrent;
using System.Diagnostics;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Telemetry;

public sealed class TelemetryTests
{
    private const string SampledParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string UnsampledParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    [Fact]
    public async Task Metrics_RequestsOfAllKinds_CountedByNodeStatusClassAndCause()
    {
        await using var node = new FakeNode(
            (request, wire) => wire.SendAsync($"HTTP/1.1 {(request.Target.EndsWith('x') ? "404 Not Found" : "200 OK")}\r\nContent-Length: 0\r\n\r\n"));
        using var figures = new Figures();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, telemetry: new GatewayTelemetry { Meters = figures });
        await using (var client = await gateway.ClientAsync())
        {
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "x"));
            await client.AskAsync(GatewayUnderTest.Get("/ping/"));

            await GatewayUnderTest.UntilAsync(
                () => figures.Now("bucketproxy.requests").Values.Sum() == 4 && figures.Recorded("http.server.request.duration").Count == 4,
                "all four are counted");
            Assert.Equal(1, figures.Now("bucketproxy.connections.open")[""]);
            Assert.Equal(1, figures.Now("bucketproxy.node.connections.open")[$"node={node.Id}"]);
        }
        Assert.Equal(
            new Dictionary<string, double>
            {
                [$"cause=node,node={node.Id},status_class=2xx"] = 2,
                [$"cause=node,node={node.Id},status_class=4xx"] = 1,
                ["cause=local,node=,status_class=2xx"] = 1,
            },
            figures.Now("bucketproxy.requests"));
        Assert.Equal(
            [
                $"http.request.method=GET,http.response.status_code=200,node={node.Id},url.scheme=http",
                $"http.request.method=GET,http.response.status_code=200,node={node.Id},url.scheme=http",
                "http.request.method=GET,http.response.status_code=200,url.scheme=http",
                $"http.request.method=GET,http.response.status_code=404,node={node.Id},url.scheme=http",
            ],
            figures.Recorded("http.server.request.duration").Order(StringComparer.Ordinal));
        Assert.Equal(3, figures.Now("bucketproxy.bucket.requests")["bucket=0f"]);
        Assert.Equal(256, figures.Now("bucketproxy.bucket.requests").Count);
        await GatewayUnderTest.UntilAsync(() => figures.Now("bucketproxy.connections.open")[""] == 0, "the client's connection is gone");
    }

    [Fact]
    public async Task Metrics_MethodOfTheClientsOwn_MakesNoLabelOfItsOwn()
    {
        await using var node = new FakeNode();
        using var figures = new Figures();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, telemetry: new GatewayTelemetry { Meters = figures });

        await gateway.AskAsync($"FROBNICATE {GatewayUnderTest.Path} HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: 0\r\n\r\n");

        await GatewayUnderTest.UntilAsync(() => figures.Recorded("http.server.request.duration").Count == 1, "it is counted");
        Assert.StartsWith("http.request.method=_OTHER,", figures.Recorded("http.server.request.duration").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OwnerRefusesConnections_RetriesAndHoldByOutcome()
    {
        using var figures = new Figures();
        var node = new FakeNode();
        var record = node.Record;
        await node.DisposeAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(
            record, new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(300) }, telemetry: new GatewayTelemetry { Meters = figures });

        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        await GatewayUnderTest.UntilAsync(() => figures.Recorded("http.server.request.duration").Count == 1, "it is counted");
        Assert.Equal("outcome=timed_out", Assert.Single(figures.Recorded("bucketproxy.hold.duration")));
        Assert.True(figures.Now("bucketproxy.retries")[$"node={record.Id}"] >= 1);
        Assert.Equal(
            $"error.type=hold_timeout,http.request.method=GET,http.response.status_code=503,node={record.Id},url.scheme=http",
            figures.Recorded("http.server.request.duration").Single());
    }

    [Fact]
    public async Task Metrics_HoldIsFull_OutcomeIsRefused()
    {
        using var figures = new Figures();
        await using var gateway = await GatewayUnderTest.StartAsync(
            null, new GatewayOptions { HoldTotal = 0 }, telemetry: new GatewayTelemetry { Meters = figures });

        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.Equal("outcome=refused", Assert.Single(figures.Recorded("bucketproxy.hold.duration")));
    }

    [Theory]
    [InlineData(SampledParent, 0, true, true)]
    [InlineData(UnsampledParent, 1, true, false)]
    [InlineData(UnsampledParent, 1, false, true)]
    [InlineData(SampledParent, 0, false, false)]
    public async Task Tracing_CallersTrace_NodeGetsOurSpanOnlyWhenSampled(string parent, double ratio, bool followsCallers, bool isOurs)
    {
        using var spans = new Spans();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(
            node.Record, telemetry: new GatewayTelemetry { Tracing = new TraceSampling(ratio, followsCallers) });
        var id = Guid.NewGuid().ToString();

        await gateway.AskAsync(GatewayUnderTest.Get($"/dtables/{id}/?access_token=secret", $"traceparent: {parent}\r\ntracestate: a=b\r\n"));

        var sent = node.Requests.Single().Header("traceparent")!;
        Assert.Equal("a=b", node.Requests.Single().Header("tracestate"));
        if (!isOurs)
        {
            Assert.Equal(parent, sent);
            Assert.Empty(spans.Of(id));
            return;
        }
        await GatewayUnderTest.UntilAsync(() => spans.Of(id).Length == 2, "both spans ended");
        var request = spans.Of(id).Single(s => s.Kind == ActivityKind.Server);
        var forward = spans.Of(id).Single(s => s.Kind == ActivityKind.Client);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", request.TraceId.ToString());
        Assert.Equal("b7ad6b7169203331", request.ParentSpanId.ToString());
        Assert.Equal(request.SpanId, forward.ParentSpanId);
        Assert.Equal(forward.Id, sent);
        Assert.EndsWith("-01", sent, StringComparison.Ordinal);
        Assert.Equal(("GET", "forward"), (request.DisplayName, forward.DisplayName));
        Assert.Equal(200, request.GetTagItem("http.response.status_code"));
        Assert.Equal($"/dtables/{id}/", request.GetTagItem("url.path"));
        Assert.Equal(node.Id, forward.GetTagItem("bucketproxy.node"));
        Assert.DoesNotContain(spans.Of(id).SelectMany(s => s.TagObjects), t => t.Value is string text && text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tracing_HeldRequest_SpanForTheHoldAndOneForEachAttempt()
    {
        using var spans = new Spans();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(null, telemetry: new GatewayTelemetry { Tracing = new TraceSampling(1, false) });
        var id = Guid.NewGuid().ToString();
        var asked = gateway.AskAsync(GatewayUnderTest.Get($"/dtables/{id}/"));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");

        gateway.Tables.OpenAll(node.Record);
        gateway.Tables.Publish();

        Assert.Equal(200, (await asked).Status);
        await GatewayUnderTest.UntilAsync(() => spans.Of(id).Length == 3, "all spans ended");
        var request = spans.Of(id).Single(s => s.Kind == ActivityKind.Server);
        Assert.Equal(["forward", "hold"], spans.Of(id).Where(s => s.ParentSpanId == request.SpanId).Select(s => s.DisplayName).Order());
        Assert.Equal(default, request.ParentSpanId);
        Assert.Equal(spans.Of(id).Single(s => s.DisplayName == "forward").Id, node.Requests.Single().Header("traceparent"));
    }

    [Fact]
    public void Sampling_ByRatio_TakesThatShareAndTheSameTracesEverywhere()
    {
        var sampling = new TraceSampling(0.25, false);
        var traces = Enumerable.Range(0, 4000).Select(_ => new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default)).ToArray();

        Assert.InRange(traces.Count(t => sampling.Samples(t)), 800, 1200);
        Assert.Equal(traces.Select(t => sampling.Samples(t)), traces.Select(t => new TraceSampling(0.25, false).Samples(t)));
        Assert.InRange(traces.Count(_ => sampling.Samples(null)), 800, 1200);
        Assert.False(TraceSampling.Off.IsOn);
    }

    /// <summary>Spans of the source that belong to a trace in which a base of ours was asked for.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _stopped = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == DataHost.ActivitySourceName,
                Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _stopped.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity[] Of(string baseId)
        {
            var request = _stopped.FirstOrDefault(a => Equals(a.GetTagItem("bucketproxy.base"), baseId));
            return request is null ? [] : [.. _stopped.Where(a => a == request || a.ParentSpanId == request.SpanId)];
        }

        public void Dispose() => _listener.Dispose();
    }
}
