using BucketProxy.Gateway.Hosting.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BucketProxy.Gateway.Hosting;

/// <summary>The sockets of the data port.</summary>
internal static class DataTransport
{
    public static IConnectionListenerFactory Create(GatewayOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        if (options.UsesLoops)
            return new LoopTransportFactory(new ConnectionSettings(new BlockPool(), loggers.CreateLogger("BucketProxy.Gateway"), time, options.IdleTimeout));
        // The pool cannot be set on the options; they take it from the services that they are made by.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(transport =>
        {
            transport.UnsafePreferInlineScheduling = options.InlineScheduling;
            transport.MaxReadBufferSize = options.ReadAheadBytes;
            transport.MaxWriteBufferSize = options.WriteAheadBytes;
            transport.Backlog = 4096;
            transport.NoDelay = true;
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPool());
        using var services = builder.Services.BuildServiceProvider();
        return new SocketTransportFactory(services.GetRequiredService<IOptions<SocketTransportOptions>>(), loggers);
    }
}
