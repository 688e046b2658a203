using BucketProxy.Cluster.Durability;
using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Gateway.Hosting;

namespace BucketProxy.Commands;

/// <summary>Runs one instance until it is told to stop.</summary>
internal static class ServeRunner
{
    /// <summary>Runs it.</summary>
    /// <param name="settings">Settings without errors.</param>
    /// <param name="environment">Where to say what is open.</param>
    /// <param name="stop">SIGTERM, SIGINT.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(BucketProxySettings settings, CommandEnvironment environment, CancellationToken stop)
    {
        // Before the first socket of the process is opened.
        ProcessTuning.Apply(settings.ToGatewayOptions());
        var lines = new StartLines(environment, settings.Logging.Format);
        HostedInstance hosted;
        try
        {
            hosted = await InstanceHost.StartAsync(InstanceHost.Create(settings, environment.Time, environment.Variables), stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DirectoryLockedException or InvalidDataException)
        {
            await environment.Error.WriteLineAsync($"It cannot be started: {e.Message}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        await using (hosted)
        {
            var instance = hosted.Instance;
            if (instance.Proxy is { } proxy)
                lines.Say($"data port: {string.Join(", ", proxy.Host.Addresses)}");
            lines.Say($"operators' port: {string.Join(", ", instance.Admin.Addresses)}");
            lines.Say($"instance {instance.Id}, store: {instance.Store.Description}");
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = stop.Register(told.SetResult);
            await told.Task;
            lines.Say("stopping: requests in flight run out");
        }
        lines.Say("stopped");
        return ExitCode.Done;
    }
}
