using BucketProxy.Configuration;

namespace BucketProxy.Tests.Configuration;

public sealed class OpenTelemetryLayerTests
{
    [Fact]
    public void Read_StandardVariables_AreTheSettingsThatTheyMean()
    {
        var telemetry = With(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c=d"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"), ("OTEL_METRIC_EXPORT_INTERVAL", "15000"), ("OTEL_SERVICE_NAME", "proxy-of-mine"));

        Assert.Equal(new Uri("http://collector:4317"), telemetry.Otlp.Endpoint);
        Assert.Equal(OtlpProtocol.Grpc, telemetry.Otlp.Protocol);
        Assert.Equal("a=b,c=d", telemetry.Otlp.Headers);
        Assert.Equal(TimeSpan.FromSeconds(2.5), telemetry.Otlp.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(15), telemetry.Otlp.Interval);
        Assert.Equal("proxy-of-mine", telemetry.ServiceName);
        Assert.True(telemetry.Metrics);
    }

    [Theory]
    [InlineData("always_on", null, 1, false)]
    [InlineData("always_off", null, 0, false)]
    [InlineData("traceidratio", "0.25", 0.25, false)]
    [InlineData("traceidratio", null, 1, false)]
    [InlineData("parentbased_always_on", null, 1, true)]
    [InlineData("parentbased_always_off", null, 0, true)]
    [InlineData("parentbased_traceidratio", "0.01", 0.01, true)]
    public void Read_Sampler_IsRatioAndWhetherCallersAreFollowed(string sampler, string? argument, double ratio, bool follows)
    {
        var telemetry = With(("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument ?? ""));
        Assert.Equal(new TraceSettings { Ratio = ratio, FollowCallers = follows }, telemetry.Traces);
    }

    [Fact]
    public void Read_Exporters_TurnSignalsOff()
    {
        var telemetry = With(("OTEL_METRICS_EXPORTER", "prometheus"), ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_TRACES_SAMPLER", "always_on"));
        Assert.False(telemetry.Otlp.Metrics);
        Assert.False(telemetry.Traces.IsOn);
        Assert.True(telemetry.Metrics);
        Assert.True(With(("OTEL_METRICS_EXPORTER", "otlp,prometheus")).Otlp.Metrics);
        Assert.True(telemetry.Otlp.Logs);
        Assert.False(With(("OTEL_LOGS_EXPORTER", "console")).Otlp.Logs);
        Assert.True(With(("OTEL_LOGS_EXPORTER", "otlp")).Otlp.Logs);
    }

    [Fact]
    public void Read_Disabled_NothingIsCollected()
    {
        var telemetry = With(("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_SAMPLER", "always_on"));
        Assert.False(telemetry.Metrics);
        Assert.False(telemetry.Traces.IsOn);
        Assert.False(telemetry.Otlp.Logs);
    }

    [Fact]
    public void Read_ResourceAttributes_NameTheServiceUnlessItsOwnVariableDoes()
    {
        Assert.Equal("a b", With(("OTEL_RESOURCE_ATTRIBUTES", "x=y,service.name=a%20b")).ServiceName);
        Assert.Equal("c", With(("OTEL_RESOURCE_ATTRIBUTES", "service.name=a"), ("OTEL_SERVICE_NAME", "c")).ServiceName);
    }

    [Fact]
    public void Precedence_OverFilesAndUnderOurOwnVariables()
    {
        const string File = """{ "telemetry": { "serviceName": "file", "otlp": { "interval": "5s" } }, """ + Loading.OneNode + "}";
        Assert.Equal("standard", Loading.Good(File, ("OTEL_SERVICE_NAME", "standard")).Telemetry.ServiceName);
        Assert.Equal("ours", Loading.Good(File, ("OTEL_SERVICE_NAME", "standard"), ("BUCKETPROXY_TELEMETRY__SERVICE_NAME", "ours")).Telemetry.ServiceName);
        Assert.Equal(TimeSpan.FromSeconds(5), Loading.Good(File).Telemetry.Otlp.Interval);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]
    [InlineData("OTEL_TRACES_SAMPLER", "jaeger_remote")]
    public void Read_ValueThatIsNotAllowed_IsRefusedByTheVariablesName(string variable, string value)
    {
        var error = Assert.Single(Loading.Errors("{" + Loading.OneNode + "}", (variable, value)).Distinct());
        Assert.Contains(variable, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_ThatAreNone_AreRefusedWithoutBeingShown()
    {
        var error = Assert.Single(Loading.Errors("{" + Loading.OneNode + "}", ("OTEL_EXPORTER_OTLP_HEADERS", "verysecret")));
        Assert.Contains("OTEL_EXPORTER_OTLP_HEADERS", error, StringComparison.Ordinal);
        Assert.DoesNotContain("verysecret", error, StringComparison.Ordinal);
    }

    private static TelemetrySettings With(params (string, string)[] variables) => Loading.Good("{" + Loading.OneNode + "}", variables).Telemetry;
}
