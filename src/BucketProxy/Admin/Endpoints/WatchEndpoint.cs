using System.Runtime.CompilerServices;
using System.Text.Json;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;

namespace BucketProxy.Admin.Endpoints;

/// <summary>The cluster as it changes, as server-sent events: for <c>bucketproxy watch</c> and the dashboard.</summary>
internal static class WatchEndpoint
{
    // At most so often: 256 buckets may change one by one.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    public static void Map(IEndpointRouteBuilder routes, AdminContext context, TimeProvider time) =>
        routes.MapGet("/api/watch", (IHostApplicationLifetime lifetime, CancellationToken cancel) =>
                TypedResults.ServerSentEvents(FollowAsync(context, time, lifetime.ApplicationStopping, cancel), "change"))
            .WithTags("Cluster").WithName("Watch").WithSummary("Server-sent events: buckets and moves whenever they change, from the present state on.")
            .Produces<ChangeEvent>(StatusCodes.Status200OK, "text/event-stream");

    private static async IAsyncEnumerable<ChangeEvent> FollowAsync(
        AdminContext context, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken gone)
    {
        // The port cannot close while a watcher listens.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        var cancel = either.Token;
        string? sent = null;
        while (!cancel.IsCancellationRequested)
        {
            var view = context.View;
            // Loads change every few seconds; who owns what is what a watcher waits for.
            var change = new ChangeEvent(
                context.Table().Revision,
                [.. ClusterReports.Buckets(context.Table(), view).Select(b => b with { Rate = 0, Sockets = 0 })],
                ClusterReports.Pins(context.Table()),
                ClusterReports.Standing(view),
                context.Alarms());
            var text = JsonSerializer.Serialize(change with { Revision = 0 }, AdminJson.Options);
            if (text != sent)
            {
                sent = text;
                yield return change;
            }
            if (await StoppedAsync(context, view, time, cancel))
                yield break;
        }
    }

    private static async Task<bool> StoppedAsync(AdminContext context, Cluster.View.ClusterView? seen, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            await context.Views.ChangedSinceAsync(seen, cancel);
            // The table follows the view a moment later.
            await Task.Delay(Pace, time, cancel);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
