using System.Collections;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace BucketProxy.Composition;

/// <summary>
/// Tells systemd how the instance is, where it asks for that (<c>Type=notify</c>): ready once it is ready for requests, as
/// <c>/health/ready</c> means it; what it waits for until then; and that it stops.
/// </summary>
/// <remarks>
/// The library's own lifetime would say "ready" when ports are open.
/// </remarks>
internal sealed class ServiceManager(
    ISystemdNotifier notifier, Instance instance, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ServiceManager> log) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Adds it where somebody listens.</summary>
    public static void Add(IServiceCollection services, IDictionary variables, TimeProvider time)
    {
        var notifier = new SystemdNotifier();
        if (!notifier.IsEnabled)
            return;
        services.AddSingleton<ISystemdNotifier>(notifier).AddSingleton(time).AddHostedService<ServiceManager>();
        // Ahead of the instance: what starts first stops last, and a drain may take longer than systemd waits.
        if (Watchdog.Limit(variables, Environment.ProcessId) is { } limit)
        {
            services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(
                provider => new Watchdog(notifier, () => provider.GetRequiredService<Instance>().AdminAddress, limit, time)));
        }
    }

    // It starts behind the instance: ports are open.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopping = lifetime.ApplicationStopping.Register(() => Notify(ServiceState.Stopping));
        using var timer = new PeriodicTimer(LookInterval, time);
        var said = "";
        try
        {
            while (instance.Health() is { Ready: false } health)
            {
                var why = string.Join("; ", health.Reasons).ReplaceLineEndings(" ");
                if (why != said)
                    Notify(new ServiceState($"STATUS=not ready: {said = why}"));
                await timer.WaitForNextTickAsync(stoppingToken);
            }
            Notify(ServiceState.Ready);
            Notify(new ServiceState("STATUS=ready for requests"));
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stops.
        }
    }

    private void Notify(ServiceState state)
    {
        try
        {
            notifier.Notify(state);
        }
        catch (SocketException e)
        {
            // Nobody is there any more. Requests are none the worse for it.
            Log.ServiceManagerAway(log, e);
        }
    }
}
