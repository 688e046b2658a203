using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>Keeps every line that a program would log.</summary>
internal sealed class CapturedLog : ILoggerFactory
{
    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>What an operator would have to look at: warnings and worse, and whatever would print a stack.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("It keeps lines, and shows them to nobody.");

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        /// <summary>As the program's by default.</summary>
        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // Said at every start: on the port without TLS it is PrefaceProtocol that finds HTTP/2.
            if (eventId.Name == "Http2DisabledWithHttp1AndNoTls")
                return;
            if (logLevel >= LogLevel.Warning || exception is not null)
                log._faults.Enqueue($"{logLevel} {category} {eventId}: {formatter(state, exception)} {exception}");
        }
    }
}
