using System.Diagnostics;
using System.Text.Json;

namespace BucketProxy.Tests.Scraping;

/// <summary>A sample as Prometheus' own client for Python reads it.</summary>
internal sealed record ParsedSample(string Name, Dictionary<string, string> Labels, JsonElement Value)
{
    /// <summary>Its value; the parser spells what JSON cannot say.</summary>
    public double Number => Value.ValueKind == JsonValueKind.Number ? Value.GetDouble()
        : double.Parse(Value.GetString()!.Replace("inf", "Infinity", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A family as it reads it.</summary>
internal sealed record ParsedFamily(string Name, string Type, string Unit, string Help, ParsedSample[] Samples);

/// <summary>A page of figures, read by the parsers of Prometheus' own client for Python (Debian: python3-prometheus-client).</summary>
internal static class ParsedPage
{
    public static async Task<IReadOnlyDictionary<string, ParsedFamily>> OfAsync(string page, bool openMetrics)
    {
        var start = new ProcessStartInfo(
            "/usr/bin/python3", [Repository.File("tests", "BucketProxy.Tests", "Scraping", "parse.py"), openMetrics ? "openmetrics" : "text"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var parser = Process.Start(start)!;
        var output = parser.StandardOutput.ReadToEndAsync();
        var errors = parser.StandardError.ReadToEndAsync();
        await parser.StandardInput.WriteAsync(page);
        parser.StandardInput.Close();
        await parser.WaitForExitAsync();
        Assert.True(parser.ExitCode == 0, await errors);
        var families = JsonSerializer.Deserialize<ParsedFamily[]>(await output, JsonSerializerOptions.Web)!;
        return families.ToDictionary(f => f.Name);
    }
}
