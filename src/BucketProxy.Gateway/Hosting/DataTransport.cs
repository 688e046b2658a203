using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Gateway.Hosting;

/// <summary>The sockets of the data port.</summary>
internal static class DataTransport
{
    private const int Backlog = 4096;

    /// <summary>Event loops where they may be used and are supported; else the runtime's sockets.</summary>
    public static void UseDataTransport(this IWebHostBuilder host, GatewayOptions options)
    {
        if (options.UsesLoops)
        {
            host.UseLoopTransport(loops => loops.StallTimeout = options.IdleTimeout);
            return;
        }
        host.UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = options.InlineScheduling;
            sockets.MaxReadBufferSize = options.ReadAheadBytes;
            sockets.MaxWriteBufferSize = options.WriteAheadBytes;
            sockets.Backlog = Backlog;
            sockets.NoDelay = true;
        });
        host.ConfigureServices(static services => services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPool()));
    }
}
