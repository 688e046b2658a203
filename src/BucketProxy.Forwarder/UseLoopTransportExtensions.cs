using BucketProxy.Forwarder.Logging;
using BucketProxy.Forwarder.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Sets the loop transport up.</summary>
public static class UseLoopTransportExtensions
{
    /// <summary>
    /// Puts Kestrel's TCP connections on event loops of this library. Where these are not supported (<see cref="LoopTransport.IsSupported"/>), and for
    /// anything but internet addresses, Kestrel keeps its own sockets.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Sets what is to differ from the defaults.</param>
    /// <exception cref="ArgumentException">A setting cannot work.</exception>
    public static IWebHostBuilder UseLoopTransport(this IWebHostBuilder builder, Action<LoopTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new LoopTransportOptions();
        configure?.Invoke(options);
        options.ThrowIfInvalid();
        if (!LoopTransport.IsSupported)
            return builder;
        return builder.ConfigureServices(services =>
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton<IConnectionListenerFactory>(s => new LoopTransportFactory(new ConnectionSettings(
                new BlockPool(),
                s.GetRequiredService<ILoggerFactory>().CreateLogger(Log.Category),
                s.GetRequiredService<TimeProvider>(),
                options.StallTimeout)));
        });
    }
}
