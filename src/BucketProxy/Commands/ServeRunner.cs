using System.Runtime.InteropServices;
using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Gateway.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace BucketProxy.Commands;

/// <summary>Runs one instance, as a service, until it is told to stop.</summary>
internal static class ServeRunner
{
    /// <summary>Runs it.</summary>
    /// <param name="settings">Settings without errors.</param>
    /// <param name="environment">Where to say what is open.</param>
    /// <param name="stop">Stops it, as SIGTERM, SIGINT and SIGQUIT do.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(BucketProxySettings settings, CommandEnvironment environment, CancellationToken stop)
    {
        // Before the first socket of the process is opened.
        ProcessTuning.Apply(settings.ToGatewayOptions());
        var lines = new StartLines(environment, settings.Logging.Format);
        // Else it would end the process at once, with everything in flight.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            lines.Say("SIGHUP is ignored: certificates are read again by themselves, other settings want a restart");
        });
        HostedInstance hosted;
        try
        {
            var builder = InstanceHost.Create(settings, environment.Time, environment.Variables);
            // It stops the host on signals. A second one changes nothing: what ends a drain early is its limit. Its own lines are no
            // warnings, and so are not written.
            builder.Services.AddSingleton<IHostLifetime, ConsoleLifetime>();
            ServiceManager.Add(builder.Services, environment.Variables, environment.Time);
            hosted = await InstanceHost.StartAsync(builder, stop);
        }
        catch (Exception e) when (StartFailure.IsOperators(e))
        {
            await environment.Error.WriteLineAsync(StartFailure.Line(e));
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            // Told to stop while it started.
            return ExitCode.Done;
        }
        await using (hosted)
        {
            var instance = hosted.Instance;
            if (instance.Proxy is { } proxy)
                lines.Say($"data port: {string.Join(", ", proxy.Host.Addresses)}");
            lines.Say($"operators' port: {string.Join(", ", instance.Admin.Addresses)}");
            lines.Say($"instance {instance.Id}, store: {instance.Store.Description}");
            await hosted.ToldToStopAsync(stop);
            lines.Say("stopping: requests in flight run out");
        }
        lines.Say("stopped");
        return ExitCode.Done;
    }
}
