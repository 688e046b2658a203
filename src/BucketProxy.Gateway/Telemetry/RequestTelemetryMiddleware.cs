using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>Before all stages: has each request counted once its answer is complete, or its connection gone.</summary>
internal sealed class RequestTelemetryMiddleware(RequestDelegate next, RequestTelemetry telemetry)
{
    public Task Invoke(HttpContext context)
    {
        context.Response.OnCompleted(static r => ((UnderWay)r).Ended(), new UnderWay(telemetry, context, telemetry.Began()));
        return next(context);
    }

    private sealed class UnderWay(RequestTelemetry telemetry, HttpContext context, long beganAt)
    {
        public Task Ended()
        {
            telemetry.Ended(context, beganAt);
            return Task.CompletedTask;
        }
    }
}
