using System.Diagnostics.Metrics;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.InFlight;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>
/// Metrics of the data plane. What happens per request is counted in plain numbers and handed over when somebody collects.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BucketProxy.Gateway";

    private readonly Meter _meter = new(MeterName);
    private readonly NodeCounters _withoutNode = new();
    private readonly NodeLinks _links;
    private readonly Histogram<double> _holdTime;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _tunnelsOpened;

    public GatewayMetrics(NodeLinks links, HoldRoom holds, Traffic traffic)
    {
        _links = links;
        _meter.CreateObservableCounter(
            "bucketproxy.requests", Requests, "{request}", "Ended requests by node, status class and cause.");
        _meter.CreateObservableUpDownCounter(
            "bucketproxy.requests.in_flight", () => traffic.PlainRequests, "{request}", "Plain requests in flight to nodes.");
        _meter.CreateObservableUpDownCounter("bucketproxy.requests.held", () => holds.Held, "{request}", "Requests that wait for an owner.");
        _meter.CreateObservableUpDownCounter("bucketproxy.tunnels.open", () => traffic.OpenTunnels, "{tunnel}", "Open websockets and long polls.");
        _holdTime = _meter.CreateHistogram<double>("bucketproxy.hold.duration", "s", "Time that requests waited for an owner, by outcome.");
        _retries = _meter.CreateCounter<long>("bucketproxy.retries", "{request}", "Attempts in which the owner could not be reached, by node.");
        _tunnelsOpened = _meter.CreateCounter<long>("bucketproxy.tunnels.opened", "{tunnel}", "Websockets opened.");
    }

    public void Ended(Exchange exchange) =>
        (exchange.Link?.Counters ?? _withoutNode).Count(exchange.Http.Response.StatusCode, exchange.Cause);

    public void Held(TimeSpan waited, HoldOutcome outcome) =>
        _holdTime.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome.ToString()));

    public void Retried(Exchange exchange) =>
        _retries.Add(1, new KeyValuePair<string, object?>("node", exchange.Link?.Node.Id));

    public void TunnelOpened() => _tunnelsOpened.Add(1);

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Requests()
    {
        foreach (var (node, counters) in _links.Counters().Append(("", _withoutNode)))
        {
            foreach (var (cause, statusClass, count) in counters.Read())
            {
                yield return new Measurement<long>(
                    count,
                    new("node", node),
                    new("status_class", statusClass),
                    new("cause", cause.ToString()));
            }
        }
    }
}
