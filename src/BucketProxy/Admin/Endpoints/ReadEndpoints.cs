using System.ComponentModel;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;
using BucketProxy.Core.Bases;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BucketProxy.Admin.Endpoints;

/// <summary>What can be read. Nothing here changes anything, so nothing here asks for a token.</summary>
internal static class ReadEndpoints
{
    private const int PastMovesShown = 100;
    private const int PastMovesAtMost = 1000;
    private const int AuditShown = 100;
    private const int AuditAtMost = 1000;

    public static void Map(IEndpointRouteBuilder routes, AdminContext context)
    {
        routes.MapGet("/api/status", () => TypedResults.Ok(context.Status()))
            .WithTags("Cluster").WithName("Status").WithSummary("How the cluster is, what is wrong, and what to do.");

        routes.MapGet("/api/nodes", () => TypedResults.Ok(NodeReports.Of(context.View, context.Settings.Nodes, context.Desk.Standings())))
            .WithTags("Cluster").WithName("Nodes").WithSummary("The dtable-servers, with what they own and carry.");

        routes.MapGet("/api/buckets", () => TypedResults.Ok(ClusterReports.Buckets(context.Table(), context.View)))
            .WithTags("Cluster").WithName("Buckets").WithSummary("Who owns each of the 256 buckets.");

        routes.MapGet("/api/pins", () => TypedResults.Ok(ClusterReports.Pins(context.Table())))
            .WithTags("Cluster").WithName("Pins").WithSummary("Who owns each pinned base or prefix.");

        routes.MapGet("/api/bases/{uuid}", Results<Ok<BaseReport>, ProblemHttpResult> (
                [Description("The base's UUID, dashed or not, in any case.")] string uuid) =>
                BaseId.TryParse(uuid, out var id)
                    ? TypedResults.Ok(ClusterReports.Base(context.Table(), id))
                    : TypedResults.Problem($"'{uuid}' is no UUID; allowed: 32 hex digits, or dashed as 8-4-4-4-12.",
                        statusCode: StatusCodes.Status400BadRequest, title: "No UUID"))
            .WithTags("Cluster").WithName("Base").WithSummary("Who owns a base.")
            .ProducesProblem(StatusCodes.Status400BadRequest);

        routes.MapGet("/api/moves", async (
                [FromQuery, Description("How many of the past, at most 1000; default 100.")] int? past, CancellationToken cancel) =>
                TypedResults.Ok(new MovesReport(
                    ClusterReports.Standing(context.View),
                    await context.Desk.PastMovesAsync(Math.Clamp(past ?? PastMovesShown, 0, PastMovesAtMost), cancel))))
            .WithTags("Cluster").WithName("Moves").WithSummary("Moves that stand, and those that ended, with the time of each phase.");

        routes.MapGet("/api/audit", async (
                [FromQuery, Description("How many of the last, at most 1000; default 100.")] int? past, CancellationToken cancel) =>
                TypedResults.Ok(await context.Desk.AuditAsync(Math.Clamp(past ?? AuditShown, 0, AuditAtMost), cancel)))
            .WithTags("Cluster").WithName("Audit").WithSummary("Who ordered what, and what moved, the latest first: when, who, why, before, after.");
    }
}
