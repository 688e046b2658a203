
namespace BucketProxy.Configuration;

/// <summary>How a log line looks.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>The least that is logged.</summary>
internal enum LogThreshold
{
    /// <summary>Everything.</summary>
    Debug,

    /// <summary>What happens.</summary>
    Information,

    /// <summary>What an operator should know.</summary>
    Warning,

    /// <summary>What failed.</summary>
    Error,
}

/// <summary>What is written to the log.</summary>
internal sealed record LoggingSettings
{
    [Setting("The least important lines that are written.",
        Raise = "Fewer lines; what led to a trouble may be missing.", Lower = "More lines.")]
    public LogThreshold Level { get; init; } = LogThreshold.Information;

    [Setting("'text' for people, 'json' for machines: one object a line.")]
    public LogFormat Format { get; init; } = LogFormat.Text;

    [Setting("Whether every request is written down when it ends: time, client, method, target (values that look like tokens hidden), status, cause, node, bucket and epoch, hold time, duration, bytes. In the same format. Lines that cannot be written fast enough are dropped and counted.")]
    public bool Requests { get; init; }

    [Setting("The file that requests are written to. It may be rotated in any way; it is opened anew.", DefaultText = "none: standard output")]
    public string? RequestFile { get; init; }
}
