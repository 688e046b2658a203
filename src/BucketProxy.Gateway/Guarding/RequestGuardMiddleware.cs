using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Guarding;

/// <summary>Stage 1: a request that has not exactly one reading gets 400, and no node sees it.</summary>
internal sealed class RequestGuardMiddleware(RequestDelegate next)
{
    public Task Invoke(HttpContext context) => RequestGuard.Problem(context) is { } problem
        ? OwnAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, problem, Cause.BadRequest)
        : next(context);
}
