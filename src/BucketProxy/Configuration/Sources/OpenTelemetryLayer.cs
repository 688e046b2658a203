using System.Collections;

namespace BucketProxy.Configuration.Sources;

/// <summary>
/// The standard variables of OpenTelemetry, as the settings that they mean: what holds for other programs of a machine holds here
/// without saying it again. <c>BUCKETPROXY_TELEMETRY__…</c> stands over them, files under them.
/// </summary>
/// <remarks>https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/</remarks>
internal static class OpenTelemetryLayer
{
    private const string Endpoint = "telemetry:otlp:endpoint";
    private const string Ratio = "telemetry:traces:ratio";
    private const string FollowCallers = "telemetry:traces:followCallers";

    /// <summary>Variables whose value is the setting's, or its milliseconds.</summary>
    private static readonly (string Variable, string Path, string Unit)[] Plain =
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", Endpoint, ""),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "telemetry:otlp:protocol", ""),
        ("OTEL_EXPORTER_OTLP_HEADERS", "telemetry:otlp:headers", ""),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "telemetry:otlp:timeout", "ms"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "telemetry:otlp:interval", "ms"),
        ("OTEL_SERVICE_NAME", "telemetry:serviceName", ""),
    ];

    public static SettingsLayer Read(IDictionary variables)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var spelling = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (variable, path, unit) in Plain)
        {
            if (Of(variable) is { } value)
                Set(path, value + unit, variable);
        }
        if (Of("OTEL_SERVICE_NAME") is null && ServiceName(Of("OTEL_RESOURCE_ATTRIBUTES")) is { } name)
            Set("telemetry:serviceName", name, "OTEL_RESOURCE_ATTRIBUTES");
        if (Of("OTEL_METRICS_EXPORTER") is { } exporter)
            Set("telemetry:otlp:metrics", exporter.Split(',').Contains("otlp", StringComparer.OrdinalIgnoreCase) ? "on" : "off", "OTEL_METRICS_EXPORTER");
        if (Of("OTEL_LOGS_EXPORTER") is { } lines)
            Set("telemetry:otlp:logs", lines.Split(',').Contains("otlp", StringComparer.OrdinalIgnoreCase) ? "on" : "off", "OTEL_LOGS_EXPORTER");
        Sampler();
        if (Of("OTEL_TRACES_EXPORTER") is { } traces && !traces.Split(',').Contains("otlp", StringComparer.OrdinalIgnoreCase))
            Traces("0", "off", "OTEL_TRACES_EXPORTER");
        if (string.Equals(Of("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Set("telemetry:metrics", "off", "OTEL_SDK_DISABLED");
            Set("telemetry:otlp:logs", "off", "OTEL_SDK_DISABLED");
            Traces("0", "off", "OTEL_SDK_DISABLED");
        }
        return SettingsLayer.Of("environment", values, path => spelling.GetValueOrDefault(path, path));

        string? Of(string variable) => variables[variable] is string { Length: > 0 } value ? value.Trim() : null;

        void Set(string path, string value, string variable)
        {
            values[path] = value;
            spelling[path] = variable;
        }

        void Traces(string ratio, string followCallers, string variable)
        {
            Set(Ratio, ratio, variable);
            Set(FollowCallers, followCallers, variable);
        }

        void Sampler()
        {
            if (Of("OTEL_TRACES_SAMPLER") is not { } sampler)
                return;
            var argument = Of("OTEL_TRACES_SAMPLER_ARG") ?? "1";
            var (ratio, follows) = sampler.ToLowerInvariant() switch
            {
                "always_on" => ("1", "off"),
                "always_off" => ("0", "off"),
                "traceidratio" => (argument, "off"),
                "parentbased_always_on" => ("1", "on"),
                "parentbased_always_off" => ("0", "on"),
                "parentbased_traceidratio" => (argument, "on"),
                // No ratio: refused, with the variable's name and value.
                _ => (sampler, "off"),
            };
            Traces(ratio, follows, "OTEL_TRACES_SAMPLER");
        }
    }

    private static string? ServiceName(string? attributes) => attributes?.Split(',')
        .Select(a => a.Split('=', 2))
        .Where(a => a.Length == 2 && a[0].Trim() == "service.name")
        .Select(a => Uri.UnescapeDataString(a[1].Trim())).FirstOrDefault();
}
