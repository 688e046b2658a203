using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Emulator.Http;

/// <summary>A bare Kestrel, many to a process: no routing, no signals, no limits of its own.</summary>
internal static class NodeServer
{
    public static WebApplication Build(EmulatorOptions options, ConnectionSockets connections, NodePipeline pipeline, ILoggerFactory? loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (loggers is not null)
            builder.Services.AddSingleton(loggers);
        // The host's own lifetime would catch SIGTERM: several nodes of one process are stopped by whoever started them.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A header must come back in an echo byte by byte.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            // Limits are the proxy's to keep: here they would hide that it does not.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 64 * 1024;
            kestrel.Limits.MaxRequestBufferSize = 1024 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 256 * 1024;
            kestrel.Listen(options.Address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(connections.Track);
            });
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(pipeline.ServeAsync);
        return app;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
