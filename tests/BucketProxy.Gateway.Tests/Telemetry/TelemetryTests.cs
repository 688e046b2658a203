using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Telemetry;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_RequestsOfAllKinds_CountedByNodeStatusClassAndCause()
    {
        await using var node = new FakeNode(
            (request, wire) => wire.SendAsync($"HTTP/1.1 {(request.Target.EndsWith('x') ? "404 Not Found" : "200 OK")}\r\nContent-Length: 0\r\n\r\n"),
            id: "dtable-server-metrics");
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await gateway.ClientAsync())
        {
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "x"));
        }

        var seen = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == DataHost.MeterName)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            if (instrument.Name == "bucketproxy.requests" && Equals(all["node"], node.Id))
                seen[$"{all["status_class"]} {all["cause"]}"] = value;
        });
        listener.Start();
        await GatewayUnderTest.UntilAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return seen.GetValueOrDefault("2 Node") == 2 && seen.GetValueOrDefault("4 Node") == 1;
            },
            "all three are counted");
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Metrics_HeldRequest_DurationByOutcome()
    {
        var outcomes = new ConcurrentQueue<string?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == DataHost.MeterName && instrument.Name == "bucketproxy.hold.duration")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => outcomes.Enqueue(tags[0].Value?.ToString()));
        listener.Start();
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { HoldTotal = 0 });

        Assert.Equal(503, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.Contains("Refused", outcomes);
    }

    [Theory]
    [InlineData(ActivitySamplingResult.AllDataAndRecorded, true)]
    [InlineData(ActivitySamplingResult.None, false)]
    public async Task Tracing_Listener_NodeGetsOurSpanOnlyWhenSampled(ActivitySamplingResult result, bool isOurs)
    {
        const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var uuid = Guid.NewGuid().ToString();
        var stopped = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DataHost.ActivitySourceName,
            Sample = (ref _) => result,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get($"/dtables/{uuid}/", $"traceparent: {Parent}\r\ntracestate: a=b\r\n"));

        var sent = node.Requests.Single().Header("traceparent")!;
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", sent, StringComparison.Ordinal);
        Assert.Equal(isOurs, sent != Parent);
        Assert.Equal("a=b", node.Requests.Single().Header("tracestate"));
        if (!isOurs)
            return;
        await GatewayUnderTest.UntilAsync(() => stopped.Any(a => Equals(a.GetTagItem("bucketproxy.base"), uuid)), "the span ended");
        var span = stopped.Single(a => Equals(a.GetTagItem("bucketproxy.base"), uuid));
        Assert.Equal("b7ad6b7169203331", span.ParentSpanId.ToString());
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        Assert.Equal(span.Id, sent);
    }
}
