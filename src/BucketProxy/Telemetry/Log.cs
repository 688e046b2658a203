namespace BucketProxy.Telemetry;

/// <summary>Events 5100 to 5199.</summary>
internal static partial class Log
{
    [LoggerMessage(5100, LogLevel.Warning, "The collector at {Endpoint} does not take our {Signal}. Does it listen there, by telemetry.otlp.protocol, and know the headers? It is tried again; what is not taken is lost.")]
    public static partial void CollectorAway(ILogger logger, string signal, Uri endpoint);

    [LoggerMessage(5101, LogLevel.Information, "The collector at {Endpoint} takes our {Signal} again.")]
    public static partial void CollectorBack(ILogger logger, string signal, Uri endpoint);
}
