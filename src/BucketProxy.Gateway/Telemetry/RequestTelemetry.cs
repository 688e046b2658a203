using System.Diagnostics;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Telemetry.Requests;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>What is told of each request: counted always; timed, written down and traced if asked for.</summary>
internal sealed class RequestTelemetry(GatewayMetrics metrics, GatewayTelemetry telemetry, TimeProvider time)
{
    private readonly RequestLog? _log = telemetry.RequestLog;

    /// <summary>The request's head is here.</summary>
    public void Began(Exchange exchange)
    {
        if (_log is not null || metrics.MeasuresDuration)
            exchange.BeganAt = time.GetTimestamp();
    }

    /// <summary>The span of a request for a base, if it is to have one.</summary>
    public Activity? Trace(Exchange exchange) => GatewayTracing.BeginRequest(exchange, telemetry.Tracing);

    /// <summary>The answer is complete, or the connection is gone.</summary>
    public void Ended(Exchange exchange)
    {
        metrics.Ended(exchange);
        // 0: nobody wanted to know when it began.
        if (exchange.BeganAt != 0)
        {
            var duration = time.GetElapsedTime(exchange.BeganAt);
            metrics.Took(exchange, duration);
            _log?.Write(RequestRecord.Of(exchange, duration));
        }
        GatewayTracing.EndRequest(exchange);
    }
}
