using BucketProxy.Configuration;

namespace BucketProxy.Composition;

/// <summary>Where log lines go.</summary>
internal static class Logs
{
    /// <summary>A factory as the settings say.</summary>
    public static ILoggerFactory Create(LoggingSettings settings) => LoggerFactory.Create(builder => Configure(builder, settings));

    /// <summary>As the settings say. The frameworks below say only what is wrong.</summary>
    public static void Configure(ILoggingBuilder builder, LoggingSettings settings)
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
        // A start that fails is told by whoever started it, in words for people.
        builder.AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical);
        if (settings.Format == LogFormat.Json)
            builder.AddJsonConsole(console => { console.UseUtcTimestamp = true; console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ"; });
        else
            builder.AddSimpleConsole(console => { console.SingleLine = true; console.UseUtcTimestamp = true; console.TimestampFormat = "HH:mm:ss.fff "; });
    }
}
