using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// The data port's loggers. What would write a line per request, or make something per request only because it could, gets none: the host's and the
/// forwarder's own; a failed request is counted, and told in the request log. The others have no scopes: the server opens one for each connection, and
/// whatever runs on that connection would then carry its context along.
/// </summary>
internal sealed class DataLogging(ILoggerFactory inner) : ILoggerFactory
{
    private static readonly string[] PerRequest =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Routing", "Microsoft.Hosting", "Yarp.ReverseProxy.Forwarder", "Yarp.ReverseProxy.Model"];

    public ILogger CreateLogger(string categoryName) =>
        Array.Exists(PerRequest, c => categoryName.StartsWith(c, StringComparison.Ordinal)) ? NullLogger.Instance : new WithoutScopes(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The factory is its maker's.");

    /// <summary>The factory is its maker's, and stays.</summary>
    public void Dispose()
    {
    }

    private sealed class WithoutScopes(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logger.Log(logLevel, eventId, state, exception, formatter);
    }
}
