using System.Collections;
using BucketProxy.Configuration;
using BucketProxy.Telemetry;

namespace BucketProxy.Composition;

/// <summary>
/// The host of one instance: .NET's generic host with nothing in it but what is said here. No <c>appsettings.json</c>, no
/// <c>DOTNET_</c> or <c>ASPNETCORE_</c> variables: what an instance does comes from its settings alone.
/// </summary>
internal static class InstanceHost
{
    // What a stop takes behind the drain: last words to the store and to the collector.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    /// <summary>Makes the host's builder; who builds it may add services of their own, and other loggers.</summary>
    /// <param name="settings">Settings without errors.</param>
    /// <param name="time">The clock.</param>
    /// <param name="variables">The environment's. OpenTelemetry's SDK reads its own among them.</param>
    public static HostApplicationBuilder Create(BucketProxySettings settings, TimeProvider time, IDictionary variables)
    {
        var id = $"{settings.Instance ?? Environment.MachineName}-{Guid.NewGuid().ToString("N")[..8]}";
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "BucketProxy" });
        builder.Configuration.AddInMemoryCollection(variables.Keys.Cast<string>()
            .Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal))
            .Select(name => KeyValuePair.Create(name, (string?)variables[name])));
        Logs.Configure(builder.Logging, settings.Logging);
        // The drain has a limit of its own; the host's is there for what hangs.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.Data.DrainGrace + settings.Data.DrainLimit + Rest);
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        TelemetryServices.Add(builder.Services, settings, id, time);
        builder.Services.AddSingleton(services => new Instance(
            settings, id, time, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<InstanceTelemetry>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<Instance>());
        return builder;
    }

    /// <summary>Runs an instance for whoever stops it by disposing of it.</summary>
    /// <exception cref="IOException">A port is taken, or a directory cannot be used or belongs to another process.</exception>
    public static async Task<HostedInstance> StartAsync(HostApplicationBuilder builder, CancellationToken cancellationToken)
    {
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            return new HostedInstance(host);
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            throw;
        }
    }

    /// <summary>Signals are the caller's affair.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>An instance that runs in its host.</summary>
internal sealed class HostedInstance(IHost host) : IAsyncDisposable
{
    private int _ended;

    public Instance Instance { get; } = host.Services.GetRequiredService<Instance>();

    /// <summary>Completes when it is to stop: by a signal, where the host hears signals, or by the token.</summary>
    public async Task ToldToStopAsync(CancellationToken stop)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await using var stopping = lifetime.ApplicationStopping.Register(() => told.TrySetResult());
        await using var asked = stop.Register(lifetime.StopApplication);
        await told.Task;
    }

    /// <summary>Stops it, and sends what is left to tell.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        await host.StopAsync(CancellationToken.None);
        // Exporters block while they send their last.
        await Task.Run(() => ((IAsyncDisposable)host).DisposeAsync().AsTask());
    }
}
