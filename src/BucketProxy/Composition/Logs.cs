using BucketProxy.Configuration;

namespace BucketProxy.Composition;

/// <summary>Where log lines go.</summary>
internal static class Logs
{
    /// <summary>A factory as the settings say. The frameworks below say only what is wrong.</summary>
    public static ILoggerFactory Create(LoggingSettings settings) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(settings.Level switch
        {
            LogThreshold.Debug => LogLevel.Debug,
            LogThreshold.Information => LogLevel.Information,
            LogThreshold.Warning => LogLevel.Warning,
            _ => LogLevel.Error,
        });
        foreach (var category in (string[])["Microsoft", "System", "Polly"])
            builder.AddFilter(category, LogLevel.Warning);
        // It warns that HTTP/2 without TLS needs prior knowledge. That is what the data port offers.
        builder.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        if (settings.Format == LogFormat.Json)
            builder.AddJsonConsole(console => { console.UseUtcTimestamp = true; console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ"; });
        else
            builder.AddSimpleConsole(console => { console.SingleLine = true; console.UseUtcTimestamp = true; console.TimestampFormat = "HH:mm:ss.fff "; });
    });
}
