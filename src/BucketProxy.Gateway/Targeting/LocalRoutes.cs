using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Targeting;

/// <summary>Requests that are for no base: answered here, never sent to a node that happens to be there.</summary>
internal sealed class LocalRoutes(CurrentTable current, SysInfo sysInfo, Draining draining, GatewayOptions options)
{
    private readonly string _retryAfter = RetryAfter.Text(options);

    public Task AnswerAsync(HttpContext http, in RequestTarget target)
    {
        if (target.Kind == TargetKind.Malformed)
            return OwnAnswer.ErrorAsync(http, StatusCodes.Status400BadRequest, target.FaultMessage, Cause.BadRequest);
        if (HttpMethods.IsOptions(http.Request.Method))
            return Preflight(http);
        return target.Route switch
        {
            LocalRoute.Ping when http.Request.IsSafe() => PingAsync(http),
            LocalRoute.SysInfo when http.Request.IsSafe() => sysInfo.AnswerAsync(http),
            _ => OwnAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, "Not found: the path names no base.", Cause.Local),
        };
    }

    private Task PingAsync(HttpContext http)
    {
        if (draining.IsOn)
            return OwnAnswer.UnavailableAsync(http, "The proxy is stopping.", _retryAfter, Cause.Draining);
        // Monitors and people ask a gate how its server is.
        if (options.Gate is { } gate)
        {
            return gate.ServerAnswers()
                ? OwnAnswer.PongAsync(http)
                : OwnAnswer.UnavailableAsync(http, "The server behind the gate does not answer.", _retryAfter, Cause.Local);
        }
        return current.Table.HasOpenBucket
            ? OwnAnswer.PongAsync(http)
            : OwnAnswer.UnavailableAsync(http, "No base has a server yet.", _retryAfter, Cause.Local);
    }

    private static Task Preflight(HttpContext http)
    {
        var response = http.Response;
        http.SetCause(Cause.Local);
        UnreadBody.Settle(http);
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = "GET,POST,PUT,DELETE,OPTIONS";
        response.Headers.AccessControlAllowHeaders = "deviceType,token, authorization, content-type";
        return Task.CompletedTask;
    }
}
