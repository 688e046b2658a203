using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>
/// Metrics of the data plane. What happens per request is counted in plain numbers and handed over when somebody collects; the one
/// histogram that each request is recorded in costs nothing while nobody does.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BucketProxy.Gateway";

    /// <summary>The histogram that every request is recorded in.</summary>
    public const string DurationName = "http.server.request.duration";

    private static readonly double[] DurationBounds =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180];

    private static readonly double[] HoldBounds = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 16, 20, 25, 60];

    private readonly Meter _meter;
    private readonly NodeCounters _withoutNode = new();
    private readonly NodeLinks _links;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _holdTime;
    private long _tunnelsOpened;

    public GatewayMetrics(NodeLinks links, HoldRoom holds, Traffic traffic, ConnectionCount connections, GatewayTelemetry telemetry)
    {
        _links = links;
        _meter = telemetry.Meters?.Create(MeterName, typeof(GatewayMetrics).Assembly.GetName().Version?.ToString(3)) ?? new Meter(MeterName);
        _duration = _meter.CreateHistogram(
            DurationName, "s", "Time from a request's head to the end of its answer, without websockets and long polls.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _holdTime = _meter.CreateHistogram(
            "bucketproxy.hold.duration", "s", "Time that requests waited for an owner, those that waited at all.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = HoldBounds });
        Count("bucketproxy.requests", "{request}", "Ended requests.", Requests);
        Count("bucketproxy.retries", "{request}", "Attempts in which the owner could not be reached, and not a byte was sent.", Retries);
        Count("bucketproxy.misdirected", "{request}", "Attempts that a node's gate refused because the base was not the node's; nothing was sent.", Misdirected);
        Level("bucketproxy.requests.in_flight", "{request}", "Requests under way to nodes, without tunnels.", () => traffic.PlainRequests);
        Level("bucketproxy.requests.held", "{request}", "Requests that wait for an owner.", () => holds.Held);
        Level("bucketproxy.tunnels.open", "{tunnel}", "Open websockets and unanswered long polls.", () => traffic.OpenTunnels);
        Count("bucketproxy.tunnels.opened", "{tunnel}", "Websockets opened.", () => [new(Volatile.Read(ref _tunnelsOpened))]);
        Level("bucketproxy.connections.open", "{connection}", "Open connections of clients.", () => connections.Open);
        _meter.CreateObservableUpDownCounter(
            "bucketproxy.node.connections.open", NodeConnections, "{connection}", "Open connections to nodes.");
        Count("bucketproxy.bucket.requests", "{request}", "Ended requests for bases, by bucket.", () => ByBucket(traffic.Load.Requests));
        Count("bucketproxy.bucket.io", "By", "Bytes of bodies and tunnel frames, both ways, by bucket, as far as known.", () => ByBucket(traffic.Load.Bytes));
        Count("bucketproxy.request_log.dropped", "{line}", "Lines that the request log could not keep up with.",
            () => [new(telemetry.RequestLog?.Dropped ?? 0)]);
    }

    /// <summary>Whether anybody wants to know how long requests take.</summary>
    public bool MeasuresDuration => _duration.Enabled;

    /// <summary>Counts an ended request.</summary>
    public void Ended(int status, Cause cause, Grant? grant) => (grant?.Link.Counters ?? _withoutNode).Count(status, cause);

    /// <summary>How long a request took. Those that last by their nature would hide the others.</summary>
    public void Took(HttpContext http, ITargetFeature? target, Cause cause, Grant? grant, TimeSpan duration)
    {
        if (target?.Carriage is Carriage.WebSocket or Carriage.Poll)
            return;
        var status = http.Response.StatusCode;
        var tags = new TagList
        {
            new("http.request.method", RequestMethods.NameOf(http.Request.Method)),
            new("http.response.status_code", Names.OfStatus(status)),
            new("url.scheme", http.Request.Scheme),
        };
        if (grant is not null)
            tags.Add("node", grant.Node.Id);
        if (status >= StatusCodes.Status500InternalServerError || cause.IsBrokenOff())
            tags.Add("error.type", Names.ErrorOf(cause, status));
        _duration.Record(duration.TotalSeconds, tags);
    }

    public void Held(TimeSpan waited, HoldOutcome outcome) =>
        _holdTime.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("outcome", Names.Of(outcome)));

    public void TunnelOpened() => Interlocked.Increment(ref _tunnelsOpened);

    public void Dispose() => _meter.Dispose();

    private void Count(string name, string unit, string meaning, Func<IEnumerable<Measurement<long>>> observe) =>
        _meter.CreateObservableCounter(name, observe, unit, meaning);

    private void Level(string name, string unit, string meaning, Func<long> observe) =>
        _meter.CreateObservableUpDownCounter(name, observe, unit, meaning);

    private IEnumerable<Measurement<long>> Requests()
    {
        foreach (var (node, counters) in _links.Counters().Append(("", _withoutNode)))
        {
            foreach (var (cause, statusClass, count) in counters.Read())
            {
                yield return new Measurement<long>(
                    count,
                    new("node", node),
                    new("status_class", statusClass.ToString(CultureInfo.InvariantCulture) + "xx"),
                    new("cause", Names.Of(cause)));
            }
        }
    }

    private IEnumerable<Measurement<long>> Retries() => ByNode(static c => c.Unreachable);

    private IEnumerable<Measurement<long>> Misdirected() => ByNode(static c => c.Misdirected);

    private IEnumerable<Measurement<long>> ByNode(Func<NodeCounters, long> count) =>
        _links.Counters().Select(c => new Measurement<long>(count(c.Counters), new KeyValuePair<string, object?>("node", c.Node)));

    // Every node that was ever sent to: one that is gone goes down to nothing instead of staying at its last figure.
    private IEnumerable<Measurement<long>> NodeConnections() =>
        _links.Counters().Select(c => new Measurement<long>(_links.OpenConnections(c.Node), new KeyValuePair<string, object?>("node", c.Node)));

    private static IEnumerable<Measurement<long>> ByBucket(Func<Bucket, long> count) =>
        Bucket.All.Select(b => new Measurement<long>(count(b), new KeyValuePair<string, object?>("bucket", b.ToString())));
}
