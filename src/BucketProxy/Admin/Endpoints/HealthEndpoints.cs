using BucketProxy.Admin.Contract;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BucketProxy.Admin.Endpoints;

/// <summary>For load balancers and supervisors.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminContext context)
    {
        // Also reached without the slash: routes ignore it.
        routes.MapGet("/ping/", Results<ContentHttpResult, ProblemHttpResult> () => context.Health() is { Ready: false } health
                ? TypedResults.Problem(string.Join("; ", health.Reasons), statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not ready")
                : TypedResults.Text("pong"))
            .WithTags("Health").WithName("Ping").WithSummary("pong while this instance is ready.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        routes.MapGet("/health/live", () => TypedResults.Ok(new HealthReport(true, [])))
            .WithTags("Health").WithName("Live").WithSummary("The process runs. Restart it when this fails; not when it is not ready.");

        routes.MapGet("/health/ready", Results<Ok<HealthReport>, JsonHttpResult<HealthReport>> () => context.Health() is { Ready: true } health
                ? TypedResults.Ok(health)
                : TypedResults.Json(context.Health(), statusCode: StatusCodes.Status503ServiceUnavailable))
            .WithTags("Health").WithName("Ready").WithSummary("Whether it should get requests, and if not, why.")
            .Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
    }
}
