using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Guarding;

/// <summary>
/// Stage 1: a request that has not exactly one reading gets 400, and no node sees it. Takes off the mark of a proxy that sent it (<see cref="TableMark"/>), which is for this port
/// alone; at a gate it sets <see cref="IMarkFeature"/>.
/// </summary>
internal sealed class RequestGuardMiddleware(RequestDelegate next, GatewayOptions options)
{
    private readonly bool _isGate = options.Gate is not null;

    public Task Invoke(HttpContext context)
    {
        if (RequestGuard.Problem(context) is { } problem)
            return OwnAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, problem, Cause.BadRequest);
        var headers = context.Request.Headers;
        if (_isGate && headers.TryGetValue(TableMark.HeaderName, out var mark))
            context.Features[typeof(IMarkFeature)] = new MarkFeature(TableMark.Read(mark));
        // Whoever sent it: to a node it would say that this proxy's own table is meant.
        headers.Remove(TableMark.HeaderName);
        return next(context);
    }
}
