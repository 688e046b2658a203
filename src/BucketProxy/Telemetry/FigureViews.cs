using System.Diagnostics.Metrics;
using BucketProxy.Gateway;
using OpenTelemetry.Metrics;

namespace BucketProxy.Telemetry;

/// <summary>Which instruments are collected, and as what. Docs: <c>docs/telemetry.md</c>.</summary>
internal static class FigureViews
{
    /// <summary>.NET's own figures: garbage collection, thread pool, CPU, memory. They are of the process, not of the instance.</summary>
    public const string RuntimeMeter = "System.Runtime";

    /// <summary>The names of what is collected of ASP.NET Core's, as they are shown.</summary>
    public static IEnumerable<string> Borrowed => OfAspNetCore.Select(f => f.Value.Name ?? f.Key);

    // Nodes by methods by statuses: 64 nodes come near the SDK's usual 2,000, and what is over it has no labels any more.
    private const int DurationSeries = 8000;

    /// <summary>
    /// What an operator has use for of ASP.NET Core's figures. Left out is what costs something for every request of the data port
    /// (<c>kestrel.queued_requests</c>, the memory pool's), and what would mislead: a websocket leaves Kestrel once its tunnel stands.
    /// </summary>
    private static readonly Dictionary<string, MetricStreamConfiguration> OfAspNetCore = new(StringComparer.Ordinal)
    {
        // Renamed: the page knows one figure of a name, and http.server.request.duration is the data port's.
        ["http.server.request.duration"] = Of("bucketproxy.admin.request.duration", "Time that requests to the operators' port took, streams included.", "http.request.method", "http.response.status_code", "http.route", "error.type"),
        ["http.server.active_requests"] = Of("bucketproxy.admin.requests.in_flight", "Requests to the operators' port under way, streams included.", "http.request.method"),
        ["kestrel.active_connections"] = Of(null, null, "server.port"),
        ["kestrel.queued_connections"] = Of(null, null, "server.port"),
        ["kestrel.connection.duration"] = Of(null, null, "server.port", "error.type"),
        ["kestrel.active_tls_handshakes"] = Of(null, null, "server.port"),
        ["kestrel.tls_handshake.duration"] = Of(null, null, "server.port", "error.type", "tls.protocol.version"),
    };

    /// <summary>What becomes of an instrument; null: it is collected as it is.</summary>
    /// <param name="instrument">It.</param>
    /// <param name="meters">What made this instance's meters: a second instance in this process has meters of the same names.</param>
    public static MetricStreamConfiguration? Of(Instrument instrument, IMeterFactory meters)
    {
        var meter = instrument.Meter;
        if (meter.Name == RuntimeMeter)
            return null;
        if (!ReferenceEquals(meter.Scope, meters))
            return MetricStreamConfiguration.Drop;
        if (meter.Name.StartsWith("Microsoft.", StringComparison.Ordinal))
            return OfAspNetCore.GetValueOrDefault(instrument.Name, MetricStreamConfiguration.Drop);
        return instrument.Name == DataHost.DurationName ? new MetricStreamConfiguration { CardinalityLimit = DurationSeries } : null;
    }

    private static MetricStreamConfiguration Of(string? name, string? meaning, params string[] labels) =>
        new() { Name = name, Description = meaning, TagKeys = labels };
}
