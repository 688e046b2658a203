using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.RequestLogging;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>What is told of each request: counted always; timed, written down and traced if asked for.</summary>
internal sealed class RequestTelemetry(GatewayMetrics metrics, GatewayTelemetry telemetry, RequestTracing tracing, Traffic traffic, TimeProvider time)
{
    private readonly RequestLog? _log = telemetry.RequestLog;

    /// <summary>The request's head is here. Its time; 0 when nobody wants to know how long it takes.</summary>
    public long Began() => _log is not null || metrics.MeasuresDuration ? time.GetTimestamp() : 0;

    /// <summary>The answer is complete, or the connection is gone.</summary>
    /// <param name="http">The request, with all that the stages said of it.</param>
    /// <param name="beganAt">What <see cref="Began"/> said.</param>
    public void Ended(HttpContext http, long beganAt)
    {
        var target = (ITargetFeature?)http.Features[typeof(ITargetFeature)];
        var grant = (Grant?)http.Features[typeof(IGrantFeature)];
        var cause = http.Cause();
        if (target.IsForBase())
            traffic.Load.Count(target!.Target.BaseId, http.AnnouncedBytes());
        metrics.Ended(http.Response.StatusCode, cause, grant);
        if (beganAt != 0)
        {
            var duration = time.GetElapsedTime(beganAt);
            metrics.Took(http, target, cause, grant, duration);
            _log?.Write(Record(http, target, cause, grant, duration));
        }
        if (tracing.SpanOf(http) is { } span)
            RequestTracing.EndRequest(http, span, cause, grant);
    }

    private RequestRecord Record(HttpContext http, ITargetFeature? target, Cause cause, Grant? grant, TimeSpan duration) => new()
    {
        Method = http.Request.Method,
        // A request that was refused by the guard has no other.
        Target = target?.Received ?? http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
        Client = http.ClientAddress(),
        Status = http.Response.StatusCode,
        Cause = cause,
        Base = target.IsForBase() ? target!.Target.BaseId : null,
        Node = grant?.Node.Id,
        Epoch = grant?.Epoch ?? 0,
        Held = http.Features.Get<IHoldFeature>()?.Held ?? grant?.Held ?? TimeSpan.Zero,
        Duration = duration,
        Bytes = http.AnnouncedBytes(),
        Trace = tracing.SpanOf(http)?.TraceId,
    };
}
