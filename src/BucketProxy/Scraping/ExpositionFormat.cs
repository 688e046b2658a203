using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace BucketProxy.Scraping;

/// <summary>The two formats that Prometheus reads.</summary>
internal enum ExpositionFormat
{
    /// <summary>Prometheus text, version 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>Which of the formats a caller wants.</summary>
internal static class ExpositionFormats
{
    public const string TextType = "text/plain; version=0.0.4; charset=utf-8";
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public static string ContentType(this ExpositionFormat format) => format == ExpositionFormat.OpenMetrics ? OpenMetricsType : TextType;

    /// <summary>
    /// The format with the higher quality; plain text where both are wanted alike, where the header says nothing or cannot be read:
    /// what a person with curl wants to see.
    /// </summary>
    public static ExpositionFormat For(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var wanted))
            return ExpositionFormat.Text;
        var (text, open) = (0.0, 0.0);
        foreach (var type in wanted)
        {
            var quality = type.Quality ?? 1;
            if (type.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) && IsVersion(type, "1.0.0", "0.0.1"))
                open = Math.Max(open, quality);
            else if (type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase) && IsVersion(type, "0.0.4"))
                text = Math.Max(text, quality);
        }
        return open > text ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;
    }

    private static bool IsVersion(MediaTypeHeaderValue type, params string[] versions) =>
        type.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase)) is not { } version
        || versions.Contains(version.Value.Value, StringComparer.Ordinal);
}
