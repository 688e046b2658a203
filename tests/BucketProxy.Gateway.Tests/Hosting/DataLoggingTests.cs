using BucketProxy.Gateway.Hosting;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Tests.Hosting;

public sealed class DataLoggingTests
{
    // The server opens a scope for each connection, and whatever runs on that connection would carry its context along.
    [Fact]
    public void Scopes_AreNotOpened()
    {
        using var collected = new Collected();
        using var logging = new DataLogging(new LoggerFactory([collected]));
        var logger = logging.CreateLogger("Microsoft.AspNetCore.Server.Kestrel");

        using (logger.BeginScope("a connection"))
            logger.LogWarning("a line");

        Assert.Equal(["a line"], collected.Lines);
        Assert.Empty(collected.Scopes);
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", false)]
    [InlineData("Yarp.ReverseProxy.Forwarder.HttpForwarder", false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.Connections", true)]
    [InlineData("Yarp.ReverseProxy.Configuration.ProxyConfigManager", true)]
    public void Log_WhatWouldWriteALinePerRequest_IsNotWritten(string category, bool isWritten)
    {
        using var collected = new Collected();
        using var logging = new DataLogging(new LoggerFactory([collected]));
        var logger = logging.CreateLogger(category);

        logger.LogError("a line");

        Assert.Equal(isWritten, logger.IsEnabled(LogLevel.Error));
        Assert.Equal(isWritten ? ["a line"] : [], collected.Lines);
    }

    private sealed class Collected : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public List<object> Scopes { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Scopes.Add(state);
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
