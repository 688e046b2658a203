using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace BucketProxy.Composition;

/// <summary>
/// Feeds systemd's watchdog (<c>WatchdogSec</c>) as long as the operators' port answers <c>/health/live</c>. That fails only where the process hangs:
/// a process that routes by its last table while the store is away is fed, and so is one that drains.
/// </summary>
/// <param name="notifier">systemd.</param>
/// <param name="address">The operators' port, once it is open.</param>
/// <param name="limit">How long systemd waits to be told, until it kills the process.</param>
/// <param name="time">The clock.</param>
internal sealed class Watchdog(ISystemdNotifier notifier, Func<Uri?> address, TimeSpan limit, TimeProvider time) : BackgroundService
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>How long systemd waits (<c>WATCHDOG_USEC</c>); null: it does not watch this process.</summary>
    /// <param name="variables">The environment's.</param>
    /// <param name="processId">This process.</param>
    public static TimeSpan? Limit(IDictionary variables, int processId)
    {
        // A child of the watched process has inherited the variables, and is not meant.
        if (variables["WATCHDOG_PID"] is string watched && watched != processId.ToString(CultureInfo.InvariantCulture))
            return null;
        return long.TryParse(variables["WATCHDOG_USEC"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds > 0 && microseconds <= TimeSpan.MaxValue.TotalMicroseconds
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Four tries within the limit: one may fail on a machine that is busy for a moment.
        var pause = limit / 4;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ActivityHeadersPropagator = null,
#pragma warning disable CA5359 // It is this process that answers, by whatever name its certificate has; no secret is sent.
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
        });
        using var timer = new PeriodicTimer(pause, time);
        try
        {
            do
            {
                if (address() is { } port && await AnswersAsync(client, new Uri(port, "/health/live"), pause, stoppingToken))
                    notifier.Notify(Alive);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stops.
        }
    }

    private async Task<bool> AnswersAsync(HttpClient client, Uri page, TimeSpan patience, CancellationToken stop)
    {
        using var limited = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limited.Token);
        try
        {
            using var answer = await client.GetAsync(page, either.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // No answer. If that lasts, systemd starts the process anew and says why in the journal.
            return false;
        }
    }
}
