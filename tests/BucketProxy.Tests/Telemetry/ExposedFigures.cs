using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using BucketProxy.Testing;
using BucketProxy.Tests.Composition;
using BucketProxy.Tests.Scraping;

namespace BucketProxy.Tests.Telemetry;

/// <summary>An instance that has done a little of everything: what its page shows, and the instruments that it has.</summary>
public sealed partial class ExposedFigures : IAsyncLifetime
{
    private const string Base = "0b7a3f0c-8f6e-4f0e-9d2a-1c5b7e9f0a11";

    /// <summary>The page, as OpenMetrics.</summary>
    internal IReadOnlyDictionary<string, ParsedFamily> Families { get; private set; } = null!;

    /// <summary>Instruments of ours by name: kind, unit, meaning, and the version of what it is of.</summary>
    internal ConcurrentDictionary<string, (string Kind, string Unit, string Meaning, string? Version)> Instruments { get; } = new();

    /// <summary>Every name that a query may ask for.</summary>
    internal IReadOnlySet<string> Names { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await using var served = await ServedInstance.StartAsync(2, new Dictionary<string, object>
        {
            // A collector that is not there: its failures are figures too.
            ["roles"] = "proxy,monitor,gate",
            // A gate whose server is not there: it owns nothing, and has figures all the same.
            ["gate"] = new { node = "dtable-server-09", listen = "127.0.0.1:0", advertise = "http://127.0.0.1:1", server = "http://127.0.0.1:2" },
            ["telemetry"] = new { otlp = new { endpoint = "http://127.0.0.1:1", interval = "1s" } },
        });
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("BucketProxy", StringComparison.Ordinal) && !instrument.Name.StartsWith("test.", StringComparison.Ordinal))
                    Instruments[instrument.Name] = (KindOf(instrument), instrument.Unit ?? "", instrument.Description ?? "", instrument.Meter.Version);
            },
        };
        listener.Start();
        using var data = new HttpClient { BaseAddress = new Uri(served.DataUrl) };
        using var admin = new HttpClient { BaseAddress = new Uri(served.AdminUrl) };
        admin.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text; version=1.0.0");
        using var limit = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var asks = AskAsync(data, asking.Token);
        // A base goes to and fro until a request was held on the way.
        for (var turn = 0; ; turn++)
        {
            limit.Token.ThrowIfCancellationRequested();
            var node = $"dtable-server-0{1 + turn % 2}";
            Assert.Equal(0, (await served.RunAsync("pin", Base, node)).ExitCode);
            await served.UntilAsync(change => change.Pins.Any(p => p.Node == node && p.State == "open"));
            var page = await admin.GetStringAsync(new Uri("/metrics", UriKind.Relative), limit.Token);
            if (!page.Contains("bucketproxy_hold_duration_seconds_count", StringComparison.Ordinal))
                continue;
            Families = await ParsedPage.OfAsync(page, openMetrics: true);
            break;
        }
        await asking.CancelAsync();
        await asks;
        // Queries name samples; of a histogram also those that stand under the family's name.
        Names = Families.Values.SelectMany(f => f.Samples).Select(s => s.Name).Append("up").ToHashSet(StringComparer.Ordinal);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>The names of figures in a query: words that are no labels, functions or keywords.</summary>
    internal static IEnumerable<string> NamesIn(string query) =>
        Figure().Matches(Quoted().Replace(query, "\"\"")).Select(m => m.Value).Where(n => n.Contains("bucketproxy", StringComparison.Ordinal)
            || n.StartsWith("http_", StringComparison.Ordinal) && !n.StartsWith("http_re", StringComparison.Ordinal)
            || n.StartsWith("dotnet_", StringComparison.Ordinal) || n.StartsWith("kestrel_", StringComparison.Ordinal) || n is "up");

    private static async Task AskAsync(HttpClient client, CancellationToken until)
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!until.IsCancellationRequested)
            {
                using var answer = await client.GetAsync(new Uri($"/dtables/{Base}/", UriKind.Relative), CancellationToken.None);
                Assert.True(answer.IsSuccessStatusCode);
            }
        }));
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "up-down",
        "ObservableGauge" => "gauge",
        "Histogram" => "histogram",
        var other => other,
    };

    [GeneratedRegex("[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Figure();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();
}
