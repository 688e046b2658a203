using System.Text.Encodings.Web;
using System.Text.Json;
using BucketProxy.Configuration;

namespace BucketProxy.Commands;

/// <summary>What <c>serve</c> says of itself, whatever the log's level: scripts wait for these lines and read the ports from them.</summary>
/// <param name="environment">Where to.</param>
/// <param name="format">As JSON they are shaped like the log's lines: who reads standard output as JSON shall find nothing else in it.</param>
internal sealed class StartLines(CommandEnvironment environment, LogFormat format)
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Say(string line) => environment.WriteLine(format == LogFormat.Json
        ? JsonSerializer.Serialize(
            new { Timestamp = environment.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture), LogLevel = "Information", Category = "BucketProxy", Message = line }, Options)
        : line);
}
