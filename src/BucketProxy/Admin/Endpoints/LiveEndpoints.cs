using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Live;

namespace BucketProxy.Admin.Endpoints;

/// <summary>What the dashboard lives on.</summary>
internal static class LiveEndpoints
{
    // Below what proxies in between allow a silent connection (nginx: 60 s), and often enough for the page to notice a dead one soon.
    private static readonly TimeSpan KeepAliveAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);
    private const int RetryAfterSeconds = 10;

    public static void Map(IEndpointRouteBuilder routes, AdminContext context, TimeProvider time)
    {
        var feed = new LiveFeed(context, time);
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        var logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger<LiveFeed>();
        lifetime.ApplicationStarted.Register(() => _ = FollowAsync(feed, time, logger, lifetime.ApplicationStopping));

        routes.MapGet("/api/events", (HttpContext http, CancellationToken gone) => StreamAsync(http, feed, time, gone))
            .WithTags("Cluster").WithName("Events")
            .WithSummary("Server-sent events: first a snapshot of everything, then what changes. Last-Event-ID goes on where it stopped, or begins with a snapshot.")
            .Produces<LiveSnapshot>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        routes.MapGet("/api/history", async (CancellationToken cancel) => TypedResults.Ok(await feed.HistoryAsync(cancel)))
            .WithTags("Cluster").WithName("History").WithSummary("What happened in the last hour, at most 4096 entries: changes of owner, nodes, alarms, orders.");
    }

    private static async Task FollowAsync(LiveFeed feed, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await feed.RunAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // As asked.
            }
            catch (Exception e)
            {
                // Without it the page would show the past as the present. What one view cannot be read for, the next one may.
                Log.FeedFailed(logger, e);
                await Task.Delay(AgainAfter, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        feed.Stop();
    }

    private static async Task StreamAsync(HttpContext http, LiveFeed feed, TimeProvider time, CancellationToken gone)
    {
        if (feed.Join(http.Request.Headers["Last-Event-ID"]) is not { } listener)
        {
            http.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
            await TypedResults.Problem(
                $"{LiveFeed.MaxListeners} dashboards listen to this instance already. Close one, or look at another instance.",
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "Too many listeners").ExecuteAsync(http);
            return;
        }
        try
        {
            http.Response.ContentType = "text/event-stream";
            // nginx in front would otherwise keep events back until its buffer is full.
            http.Response.Headers["X-Accel-Buffering"] = "no";
            await WriteAsync(http.Response.Body, feed, listener, time, gone);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The page was closed.
        }
        finally
        {
            feed.Leave(listener);
        }
    }

    private static async Task WriteAsync(Stream body, LiveFeed feed, LiveListener listener, TimeProvider time, CancellationToken gone)
    {
        var sent = -1L;
        while (true)
        {
            using var silence = new CancellationTokenSource(KeepAliveAfter, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, gone);
            try
            {
                if (!await listener.Messages.WaitToReadAsync(either.Token))
                    return;
            }
            catch (OperationCanceledException) when (!gone.IsCancellationRequested)
            {
                await body.WriteAsync(LiveMessage.KeepAlive, gone);
                await body.FlushAsync(gone);
                continue;
            }
            while (listener.Messages.TryRead(out var message))
            {
                // What was queued behind the wish for a snapshot may be in it already.
                if (message is not null && message.Id <= sent)
                    continue;
                message ??= feed.Snapshot();
                sent = message.Id;
                await body.WriteAsync(message.Bytes, gone);
            }
            await body.FlushAsync(gone);
        }
    }
}
