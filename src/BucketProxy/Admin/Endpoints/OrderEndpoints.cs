using System.ComponentModel;
using BucketProxy.Admin.Contract;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BucketProxy.Admin.Endpoints;

/// <summary>What changes something.</summary>
internal static class OrderEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminContext context)
    {
        var desk = context.Desk;

        // No body is read: SeaTable's manual sends none, and scripts send anything.
        routes.MapPost("/rebalance/", async (
                HttpContext http,
                [FromQuery(Name = "dry_run"), Description("true: plan only, order nothing.")] bool? dryRun,
                [FromQuery, Description("The id of a previewed plan: ordered only if nothing has changed since, else 412.")] string? plan,
                [FromQuery, Description("true: answer when it is done, with the time of each phase.")] bool? wait,
                CancellationToken cancel) =>
            {
                var ordered = await desk.RebalanceAsync(dryRun ?? false, plan, By(http), cancel);
                return TypedResults.Ok(wait == true && dryRun != true ? await desk.WhenDoneAsync(ordered, cancel) : ordered);
            })
            .WithTags("Orders").WithName("Rebalance").WithSummary("Even out the buckets, with the fewest moves. Any instance takes it; the body does not matter.")
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);

        routes.MapPost("/api/nodes/{id}/drain", (HttpContext http, string id,
                [FromQuery, Description("true: also where no silence or release can be had. What was not saved is lost.")] bool? force,
                [FromQuery(Name = "dry_run"), Description("true: say what it would cost, or why it would be refused; order nothing.")] bool? dryRun, CancellationToken cancel) =>
                Take($"{id} gives all its buckets away{(force == true ? ", by force" : "")}",
                    dryRun == true ? desk.PreviewDrainAsync(id, force ?? false) : desk.DrainAsync(id, force ?? false, By(http), cancel), dryRun ?? false))
            .Order("Drain", "Give all buckets of a node away.");

        routes.MapPost("/api/nodes/{id}/cordon", (HttpContext http, string id, CancellationToken cancel) =>
                Take($"{id} gets no further buckets", desk.CordonAsync(id, By(http), cancel)))
            .Order("Cordon", "Give a node no further buckets.");

        routes.MapPost("/api/nodes/{id}/uncordon", (HttpContext http, string id, CancellationToken cancel) =>
                Take($"{id} may get buckets again", desk.UncordonAsync(id, By(http), cancel)))
            .Order("Uncordon", "Take back a cordon or a drain.");

        routes.MapPut("/api/nodes/{id}/weight", (HttpContext http, string id, WeightOrder order, CancellationToken cancel) =>
                Take($"{id} has weight {order.Weight}", desk.SetWeightAsync(id, order.Weight, By(http), cancel)))
            .Order("SetWeight", "Set a node's share of the buckets, relative to the others'.");

        routes.MapPost("/api/nodes/{id}/gone", (HttpContext http, string id, CancellationToken cancel) =>
                Take($"the earlier process of {id} is gone", desk.NodeProcessGoneAsync(id, By(http), cancel)))
            .Order("NodeProcessGone", "Your word that a node's earlier process is gone, where nothing else proves it: then it may get its buckets back.");

        routes.MapPut("/api/pins/{pin}", (HttpContext http,
                [Description("A whole UUID, or its first 8 or more hex digits.")] string pin, PinOrder order, CancellationToken cancel) =>
                Take($"{pin} belongs on {order.Node}", desk.PinAsync(pin, order.Node, By(http), cancel)))
            .Order("Pin", "Let a given node own a base, or the bases under a prefix.");

        routes.MapDelete("/api/pins/{pin}", (HttpContext http, string pin, CancellationToken cancel) =>
                Take($"{pin} goes by its bucket again", desk.UnpinAsync(pin, By(http), cancel)))
            .Order("Unpin", "Take a pin back.");

        routes.MapPost("/api/freeze", (HttpContext http, [FromBody(EmptyBodyBehavior = Microsoft.AspNetCore.Mvc.ModelBinding.EmptyBodyBehavior.Allow)] FreezeOrder? order, CancellationToken cancel) =>
                Take("nothing changes owner", desk.FreezeAsync(order?.Reason, By(http), cancel)))
            .Order("Freeze", "Nothing changes owner until it is lifted.");

        routes.MapPost("/api/unfreeze", (HttpContext http, CancellationToken cancel) =>
                Take("owners may change again", desk.UnfreezeAsync(By(http), cancel)))
            .Order("Unfreeze", "Owners may change again.");

        routes.MapPost("/api/proxies/{instance}/forget", (HttpContext http, string instance, CancellationToken cancel) =>
                Take($"{instance} is forgotten", desk.ForgetProxyAsync(instance, By(http), cancel)))
            .Order("ForgetProxy", "Your word that a lost proxy is gone for good: moves no longer wait for it.");

        routes.MapPost("/api/store/accept", (HttpContext http, CancellationToken cancel) =>
                Take("the store as it is now is followed", desk.AcceptStoreAsync(By(http), cancel)))
            .Order("AcceptStore", "Your word that the store as it is now is the right one, after a restored backup.");
    }

    private static void Order(this RouteHandlerBuilder route, string name, string summary) =>
        route.WithTags("Orders").WithName(name).WithSummary(summary)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Ok<OrderTaken>> Take(string ordered, Task<string?> order, bool dryRun)
    {
        var remark = await order;
        return TypedResults.Ok(new OrderTaken(remark is null ? ordered : $"{ordered}. {remark}", dryRun));
    }

    private static async Task<Ok<OrderTaken>> Take(string ordered, Task order)
    {
        await order;
        return TypedResults.Ok(new OrderTaken(ordered));
    }

    /// <summary>Who orders, as far as this port can know: for the audit record.</summary>
    private static string By(HttpContext http) => $"admin port, from {http.Connection.RemoteIpAddress?.ToString() ?? "this process"}";
}
