using BucketProxy.Gateway.Dispatch;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// What the server calls for each request: straight into the <see cref="Dispatcher"/>, no middleware, no service scopes, no
/// request log.
/// </summary>
internal sealed class DataApplication(Dispatcher dispatcher) : IHttpApplication<Exchange>
{
    public Exchange CreateContext(IFeatureCollection contextFeatures)
    {
        Exchange exchange;
        if (contextFeatures is IHostContextContainer<Exchange> container)
            exchange = container.HostContext ??= new Exchange();
        else
            exchange = new Exchange();
        exchange.Begin(contextFeatures);
        return exchange;
    }

    /// <summary>For tests, which watch the threads that poll the sockets: told of each request before it is looked at. Null otherwise.</summary>
    public static Action<Exchange>? Observer { get; set; }

    public Task ProcessRequestAsync(Exchange context)
    {
        Observer?.Invoke(context);
        return dispatcher.HandleAsync(context);
    }

    public void DisposeContext(Exchange context, Exception? exception)
    {
        dispatcher.Ended(context);
        context.End();
    }
}
