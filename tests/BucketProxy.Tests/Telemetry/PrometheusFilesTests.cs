using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using BucketProxy.Testing;
using BucketProxy.Tests.Deployment;

namespace BucketProxy.Tests.Telemetry;

/// <summary>Alert rules and dashboard: they parse, and ask for nothing that is not there. Judged by Prometheus' own promtool (Debian: prometheus).</summary>
public sealed partial class PrometheusFilesTests(ExposedFigures exposed) : IClassFixture<ExposedFigures>
{
    private static readonly string Alerts = Repository.File("config", "prometheus", "alerts.yml");

    private static JsonElement[] Rules => [.. Yaml.Read(Alerts)[0].At("groups").EnumerateArray().SelectMany(g => g.At("rules").EnumerateArray())];

    private static JsonElement Dashboard => JsonDocument.Parse(File.ReadAllText(Repository.File("config", "grafana", "bucketproxy.json"))).RootElement;

    private static string[] Queries =>
    [
        .. Dashboard.At("panels").EnumerateArray().Where(p => p.TryGetProperty("targets", out _)).SelectMany(p => p.At("targets").EnumerateArray()).Select(t => t.At("expr").GetString()!),
        .. Dashboard.At("annotations", "list").EnumerateArray().Select(a => a.At("expr").GetString()!),
    ];

    [Fact]
    public async Task Alerts_AreRulesThatPrometheusTakes()
    {
        await PromtoolAsync("check", "rules", Alerts);
        await PromtoolAsync("check", "config", Repository.File("config", "prometheus", "prometheus.yml"));
    }

    [Fact]
    public Task Alerts_SoundWhenTheyShouldAndOnlyThen() =>
        PromtoolAsync("test", "rules", Repository.File("tests", "BucketProxy.Tests", "Deployment", "alerts.test.yml"));

    [Fact]
    public void Alerts_AskOnlyForFiguresThatAreThere() => Assert.All(Rules, rule => AllAreThere(rule.At("expr").GetString()!));

    [Fact]
    public void Alerts_SayWhatToDo_WithCommandsThatThereAre()
    {
        var commands = CommandOf().Matches(File.ReadAllText(Repository.File("docs", "command-line.md"))).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.All(Rules, rule =>
        {
            Assert.Contains(rule.At("labels", "severity").GetString(), new[] { "page", "ticket", "note" });
            Assert.NotEmpty(rule.At("annotations", "summary").GetString()!);
            Assert.All(CommandIn().Matches(rule.At("annotations", "action").GetString()!).Select(m => m.Groups[1].Value), c => Assert.Contains(c, commands));
        });
        var kinds = exposed.Families["bucketproxy_alarms"].Samples.Select(s => s.Labels["kind"]).ToHashSet(StringComparer.Ordinal);
        var grave = Rules.Single(r => r.At("alert").GetString() == "BucketProxyGraveAlarm").At("expr").GetString()!;
        Assert.All(KindsOf().Match(grave).Groups[1].Value.Split('|'), kind => Assert.Contains(kind, kinds));
    }

    [Fact]
    public void Dashboard_AsksOnlyForFiguresThatAreThere() => Assert.All(Queries, AllAreThere);

    [Fact]
    public async Task Dashboard_QueriesAreOnesThatPrometheusTakes()
    {
        using var folder = new TemporaryDirectory();
        var rules = Queries.Select((query, i) => new
        {
            record = string.Create(CultureInfo.InvariantCulture, $"dashboard:query_{i}"),
            expr = query.Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$job", "bucketproxy", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal),
        });
        // JSON is YAML.
        await File.WriteAllTextAsync(folder.Combine("rules.yml"), JsonSerializer.Serialize(new { groups = new[] { new { name = "dashboard", rules } } }));
        await PromtoolAsync("check", "rules", folder.Combine("rules.yml"));
    }

    [Fact]
    public void Dashboard_PanelsHaveOneIdEach_AndDoNotOverlap()
    {
        var panels = Dashboard.At("panels").EnumerateArray().ToArray();
        Assert.Equal(panels.Length, panels.Select(p => p.At("id").GetInt32()).Distinct().Count());
        var taken = new HashSet<(int, int)>();
        foreach (var place in panels.Select(p => p.At("gridPos")))
        {
            for (var x = 0; x < place.At("w").GetInt32(); x++)
            {
                for (var y = 0; y < place.At("h").GetInt32(); y++)
                    Assert.True(taken.Add((place.At("x").GetInt32() + x, place.At("y").GetInt32() + y)));
            }
        }
        Assert.True(taken.Max(t => t.Item1) < 24);
    }

    private void AllAreThere(string query)
    {
        var names = ExposedFigures.NamesIn(query).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.True(exposed.Names.Contains(name), $"{name}, in {query}"));
    }

    private static async Task PromtoolAsync(params string[] arguments)
    {
        using var tool = Process.Start(new ProcessStartInfo("promtool", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = tool.StandardOutput.ReadToEndAsync();
        var errors = tool.StandardError.ReadToEndAsync();
        await tool.WaitForExitAsync();
        Assert.True(tool.ExitCode == 0, await output + await errors);
    }

    [GeneratedRegex(@"^\| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CommandOf();

    [GeneratedRegex(@"bucketproxy ([a-z-]+)")]
    private static partial Regex CommandIn();

    [GeneratedRegex("kind=~\"([^\"]+)\"")]
    private static partial Regex KindsOf();
}
