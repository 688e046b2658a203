using Microsoft.AspNetCore.Http.HttpResults;

namespace BucketProxy.Admin.Security;

/// <summary>
/// Stands before everything that changes something: no page of another site may send it, and where a token is asked for, only
/// who has it.
/// </summary>
/// <remarks>
/// /rebalance/ takes any body of any content type without a token, as SeaTable's own does, so that any page in an operator's
/// browser could post to it. Browsers say where a request comes from (Sec-Fetch-Site, Origin); curl and SeaTable's programs
/// say nothing and pass.
/// </remarks>
internal sealed class OrderGuard(AdminToken? token) : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Refusal(context.HttpContext) is { } refusal ? refusal : await next(context);

    private ProblemHttpResult? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (IsCrossSite(request))
        {
            return TypedResults.Problem(
                "A page of another site may not give orders. Use the dashboard of this port, or a program.",
                statusCode: StatusCodes.Status403Forbidden, title: "Cross-site order");
        }
        if (token is null || Offered(request) is { } offered && token.Is(offered))
            return null;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return TypedResults.Problem(
            "This needs the admin token: Authorization: Bearer TOKEN. bucketproxy takes it from BUCKETPROXY_TOKEN or --token-file.",
            statusCode: StatusCodes.Status401Unauthorized, title: "No valid token");
    }

    private static string? Offered(HttpRequest request) =>
        request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;

    internal static bool IsCrossSite(HttpRequest request)
    {
        // A browser that says it is right also where a proxy in front of this port has another scheme or name.
        if (request.Headers["Sec-Fetch-Site"] is [var site])
            return site is not ("same-origin" or "none");
        // "null" (a sandboxed page, a file) is no origin of ours either.
        return request.Headers.Origin is [var origin]
            && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
