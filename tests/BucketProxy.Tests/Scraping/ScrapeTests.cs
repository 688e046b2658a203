using System.Diagnostics;
using System.Diagnostics.Metrics;
using BucketProxy.Configuration;
using BucketProxy.Tests.Telemetry;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Tests.Scraping;

public sealed class ScrapeTests
{
    private const string Nasty = "a\\b \"c\" d\ne {f=\"g\"} é 漢 #";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Scrape_EveryKindOfInstrument_ReadByARealParserAsItWas(bool openMetrics)
    {
        await using var telemetry = await ToldInstance.StartAsync();
        using var meter = telemetry.Meters.Create("BucketProxy");
        meter.CreateCounter<long>("test.counted", "{thing}", Nasty).Add(41, new KeyValuePair<string, object?>("some.label", Nasty));
        meter.CreateCounter<long>("test.io", "By", "Bytes.").Add(3);
        meter.CreateUpDownCounter<long>("test.level", "{thing}", "Up and down.").Add(-2);
        meter.CreateObservableGauge("test.share", () => 0.25, "ratio", "A share.");
        meter.CreateObservableGauge("test.odd", () => new[] { Of(double.NaN, "nan"), Of(double.PositiveInfinity, "inf"), Of(1e-9, "small"), Of(1e21, "large") }, "", "Odd.");
        var histogram = meter.CreateHistogram("test.took", "s", "How long.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 1, 10] });
        foreach (var value in new[] { 0.001, 0.005, 0.7, 2, 100 })
            histogram.Record(value, new KeyValuePair<string, object?>("kind", "x"));

        var page = await telemetry.ScrapeAsync(openMetrics);
        var families = await ParsedPage.OfAsync(page, openMetrics);

        var counted = families["test_counted"];
        Assert.Equal(("counter", Nasty), (counted.Type, counted.Help));
        var sample = Assert.Single(counted.Samples, s => !s.Name.EndsWith("_created", StringComparison.Ordinal));
        Assert.Equal(("test_counted_total", 41), (sample.Name, sample.Number));
        Assert.Equal(new Dictionary<string, string> { ["some_label"] = Nasty }, sample.Labels);
        Assert.Equal(("test_io_bytes_total", 3), (families["test_io_bytes"].Samples[0].Name, families["test_io_bytes"].Samples[0].Number));
        Assert.Equal(("gauge", -2), (families["test_level"].Type, families["test_level"].Samples[0].Number));
        Assert.Equal(("gauge", 0.25), (families["test_share_ratio"].Type, families["test_share_ratio"].Samples[0].Number));
        Assert.Equal([double.NaN, double.PositiveInfinity, 1e-9, 1e21], families["test_odd"].Samples.Select(s => s.Number));
        var took = families["test_took_seconds"];
        Assert.Equal(("histogram", openMetrics ? "seconds" : ""), (took.Type, took.Unit));
        Assert.Equal(
            [("0.005", 2), (openMetrics ? "1.0" : "1", 3), (openMetrics ? "10.0" : "10", 4), ("+Inf", 5)],
            took.Samples.Where(s => s.Name == "test_took_seconds_bucket").Select(s => (s.Labels["le"], (int)s.Number)));
        Assert.All(took.Samples, s => Assert.Equal("x", s.Labels["kind"]));
        Assert.Equal(5, took.Samples.Single(s => s.Name == "test_took_seconds_count").Number);
        Assert.Equal(102.706, took.Samples.Single(s => s.Name == "test_took_seconds_sum").Number, 9);
        var target = families[openMetrics ? "target" : "target_info"].Samples.Single();
        Assert.Equal("instance-1", target.Labels["service_instance_id"]);
        Assert.Equal(openMetrics, page.EndsWith("\n# EOF\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scrape_TwoInstancesInOneProcess_EachShowsItsOwn()
    {
        await using var one = await ToldInstance.StartAsync();
        await using var other = await ToldInstance.StartAsync();
        using var meter = one.Meters.Create("BucketProxy");
        meter.CreateCounter<long>("test.of_one").Add(1);

        Assert.Contains("test_of_one_total{} 1\n", await one.ScrapeAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("test_of_one", await other.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_ManyAtOnce_EachPageIsWhole()
    {
        await using var telemetry = await ToldInstance.StartAsync();
        using var meter = telemetry.Meters.Create("BucketProxy");
        meter.CreateCounter<long>("test.counted").Add(1);

        var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => telemetry.ScrapeAsync(openMetrics: true))));

        Assert.All(pages, page => Assert.Single(page.Split('\n'), line => line == "test_counted_total{} 1"));
        Assert.All(pages, page => Assert.EndsWith("# EOF\n", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_NotByGet_IsRefused()
    {
        await using var telemetry = await ToldInstance.StartAsync();
        Assert.Equal(StatusCodes.Status405MethodNotAllowed, (await telemetry.AskAsync("POST", openMetrics: false, Stream.Null)).StatusCode);
    }

    [Fact]
    public async Task Telemetry_MetricsAreOff_NothingIsTimedAndThereIsNoPage()
    {
        await using var telemetry = await ToldInstance.StartAsync(new BucketProxySettings { Telemetry = new TelemetrySettings { Metrics = false } });
        using var meter = telemetry.Meters.Create("BucketProxy");
        Assert.False(meter.CreateHistogram<double>("test.took").Enabled);
        Assert.Null(telemetry.Telemetry.Figures);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task Scrape_RecordedUnderASampledSpan_LeadsToItsTraceWhereThingsAreTraced(double ratio, bool leads)
    {
        var telemetry = new TelemetrySettings { Otlp = new OtlpSettings { Endpoint = new Uri("http://127.0.0.1:1"), Logs = false }, Traces = new TraceSettings { Ratio = ratio } };
        await using var told = await ToldInstance.StartAsync(new BucketProxySettings { Telemetry = telemetry });
        var took = told.Meters.Create("BucketProxy").CreateHistogram<double>("test.took", "s");
        using var span = new Activity("of a test") { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        span.Start();
        took.Record(0.5);
        span.Stop();

        var page = await told.ScrapeAsync(openMetrics: true);

        Assert.Equal(leads, page.Contains($"# {{trace_id=\"{span.TraceId}\",span_id=\"{span.SpanId}\"}} 0.5 ", StringComparison.Ordinal));
        await ParsedPage.OfAsync(page, openMetrics: true);
        Assert.DoesNotContain("trace_id", await told.ScrapeAsync(), StringComparison.Ordinal);
    }

    private static Measurement<double> Of(double value, string label) => new(value, new KeyValuePair<string, object?>("of", label));
}
