using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Hosting;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Dispatch;

/// <summary>Requests that are for no base: answered here, never sent to a node that happens to be there.</summary>
internal sealed class LocalRoutes(CurrentTable current, SysInfo sysInfo, GatewayOptions options)
{
    private readonly string _retryAfter = RetryAfter.Text(options);
    private volatile bool _isDraining;

    /// <summary>The proxy stops: <c>/ping/</c> says so.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set => _isDraining = value;
    }

    public Task AnswerAsync(Exchange exchange)
    {
        var http = exchange.Http;
        var target = exchange.Target;
        if (target.Kind == TargetKind.Malformed)
            return OwnAnswer.ErrorAsync(exchange, StatusCodes.Status400BadRequest, target.FaultMessage, Cause.BadRequest);
        if (HttpMethods.IsOptions(http.Request.Method))
            return Preflight(exchange);
        return target.Route switch
        {
            LocalRoute.Ping when exchange.IsSafe => PingAsync(exchange),
            LocalRoute.SysInfo when exchange.IsSafe => sysInfo.AnswerAsync(exchange),
            _ => OwnAnswer.ErrorAsync(exchange, StatusCodes.Status404NotFound, "Not found: the path names no base.", Cause.Local),
        };
    }

    private Task PingAsync(Exchange exchange)
    {
        if (_isDraining)
            return OwnAnswer.UnavailableAsync(exchange, "The proxy is stopping.", _retryAfter, Cause.Draining);
        return CanRoute(current.Table)
            ? OwnAnswer.PongAsync(exchange)
            : OwnAnswer.UnavailableAsync(exchange, "No base has a server yet.", _retryAfter, Cause.Local);
    }

    /// <summary>Whether any bucket is open.</summary>
    public static bool CanRoute(RoutingTable table)
    {
        foreach (var entry in table.Buckets)
        {
            if (entry.State == EntryState.Open)
                return true;
        }
        return false;
    }

    private static Task Preflight(Exchange exchange)
    {
        var response = exchange.Http.Response;
        exchange.Cause = Cause.Local;
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = "GET,POST,PUT,DELETE,OPTIONS";
        response.Headers.AccessControlAllowHeaders = "deviceType,token, authorization, content-type";
        return Task.CompletedTask;
    }
}
