using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Sources;
using BucketProxy.Testing;
using Microsoft.Extensions.Configuration;

namespace BucketProxy.Tests.Configuration;

/// <summary>Whatever stands in files, environment and flags: it ends in settings, or in errors that say where to look. Nothing is passed over.</summary>
[Trait("Kind", "Fuzz")]
public sealed partial class SettingsFuzzTests
{
    private const int Cases = 400;
    private const string FileName = "test.json";
    private const string Secret = "hush-hush";

    private static readonly string[] Words =
        ["{", "}", "[", "]", ":", ",", "\"", "\\", "\n", "//", "/*", "*/", "null", "true", "7", "-", "1e9", "\"\": ", "\"a\": ", "\\ud800", "\\u0000", "\uFEFF", "\u2603", "\"store\": \"etcd\",", "\"cluster_config\": {", "\"nodes:1:id\": \"x\","];

    private static readonly string[] Variables =
    [
        "BUCKETPROXY_", "BUCKETPROXY___DATA", "BUCKETPROXY_DATA__", "BUCKETPROXY_DATA", "BUCKETPROXY_NODES", "BUCKETPROXY_NODES__7__ID", "BUCKETPROXY_PINS", "BUCKETPROXY_MONITOR", "BUCKETPROXY_A:B", "BUCKETPROXY_DATA:LISTEN", "bucketproxy_cluster",
        "BUCKETPROXY_ADMIN__TOKEN__X", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER",
    ];

    private static readonly string[] Values =
        ["", " ", "a", "0", "on", "off", "dtable-server-01", "a=b", "a=b,a=c", ",", "=", "{}", "\u2603", "a\nb", "0.5", "traceidratio", "service.name=%zz", "http://a:4318", "true", "ff84e1a1=dtable-server-01"];

    private static readonly string[] Keys = ["data.listen", "nodes[1].id", "nodes[7].local_node_url", "nodes[", "]", ".", "a..b", "etcd.endpoints", "etcd.endpoints[0]", "monitor", "monitor.mode", "pins.x", "store", "cluster", "Data.Listen", "\u2603", "a\nb"];

    // The content of a certificate or a token's file is looked at where it is used; the sentence begins with the setting or its section.
    [GeneratedRegex(@"^(data\.certificateFile|admin\.certificateFile|admin\.tokenFile|etcd): ")]
    private static partial Regex OfAFilesContent { get; }

    [Fact]
    public Task Load_AnyFileEnvironmentAndFlags_EndsInSettingsOrInErrorsThatSayWhere() => Fuzzing.RunAsync(Cases, random =>
    {
        var file = GeneratedSettings.File(random, isOdd: true).ToJsonString();
        if (random.Next(2) == 0)
            file = Mutations.Of(file, random, Words);
        Dictionary<string, string> environment = [];
        foreach (var (path, value) in Some(random, () => GeneratedSettings.Leaves(GeneratedSettings.File(random, isOdd: true))))
            environment[GeneratedSettings.Variable(path, random)] = value;
        foreach (var (name, value) in Some(random, () => Enumerable.Range(0, 3).Select(_ => (Pick(Variables, random), Pick(Values, random)))))
            environment[name] = value;
        (string, string)[] flags = [.. Some(random, () => Enumerable.Range(0, 3).Select(_ => (Pick(Keys, random), Pick(Values, random))))];
        var all = $"{file}\n{string.Join('\n', environment)}\n{string.Join('\n', flags)}";

        var loaded = Loading.Layers([(FileName, file)], [.. environment.Select(e => (e.Key, e.Value))], flags);

        if (loaded.Errors.IsEmpty)
            IsWhole(loaded.Settings);
        string[] given = [.. Given(file, environment, flags)];
        foreach (var error in loaded.Errors)
        {
            var line = error.ToString();
            Assert.False(string.IsNullOrWhiteSpace(error.Problem), all);
            Assert.False(line.Any(char.IsControl), $"{line} of {all}");
            Assert.True(SaysWhere(error, given), $"{line} of {all}");
        }
    });

    [Fact]
    public Task Load_AKeyThatIsGiven_CountsOrIsRefused() => Fuzzing.RunAsync(Cases, random =>
    {
        List<(string Path, string Value)> leaves = [.. GeneratedSettings.Leaves(GeneratedSettings.File(random, isOdd: false))];
        // Said once more, in other words.
        if (random.Next(4) == 0)
        {
            var (path, value) = leaves[random.Next(leaves.Count)];
            leaves.Add((random.Next(2) == 0 && path.LastIndexOf(':') is > 0 and var end ? path[..end] : path + ":0", value));
        }
        (string Path, string Value)[] names = random.Next(3) switch
        {
            // Two spellings may be two variables, and of one name only the last is left.
            0 => [.. leaves.Concat(random.Next(4) == 0 ? leaves : []).Select(l => (GeneratedSettings.Variable(l.Path, random), l.Value)).DistinctBy(l => l.Item1)],
            1 => [.. leaves.Select(l => (l.Path, l.Value))],
            _ => [.. leaves.Select(l => ("--" + l.Path, l.Value))],
        };
        var before = LoadLeaves(names);
        if (!before.Errors.IsEmpty)
            return false;
        var changed = random.Next(names.Length);
        names[changed].Value = "\u2604";

        var after = LoadLeaves(names);

        Assert.True(!after.Errors.IsEmpty || WrittenSettings.Of(after.Settings) != WrittenSettings.Of(before.Settings),
            $"{names[changed].Path} is passed over in {string.Join('\n', names)}");
        return true;
    });

    [Fact]
    public Task Load_WhatWasRead_ReadsBackTheSame() => Fuzzing.RunAsync(Cases, random =>
    {
        var loaded = Loading.File(GeneratedSettings.File(random, isOdd: false).ToJsonString());
        if (!loaded.Errors.IsEmpty)
            return false;
        IsWhole(loaded.Settings);
        return true;
    });

    [Fact]
    public Task Load_ASecretOfAnyShape_IsNeverShown() => Fuzzing.RunAsync(Cases, random =>
    {
        var file = GeneratedSettings.File(random, isOdd: false);
        string[] paths = [.. Secrets(SettingsSchema.Root, "")];
        var path = Pick(paths, random);
        file[path] = random.Next(6) switch
        {
            0 => Secret,
            1 => Secret + "\n and more",
            2 => new JsonArray(Secret),
            3 => new JsonObject { ["a"] = Secret },
            4 => new JsonArray(new JsonObject { [Pick(["a", "0", ""], random)] = Secret }),
            _ => new string('x', 30) + Secret,
        };
        var errors = random.Next(2) == 0
            ? Loading.File(file.ToJsonString()).Errors
            : Loading.Layers([], [.. GeneratedSettings.Leaves(file).Select(l => (GeneratedSettings.Variable(l.Path, random), l.Value)).DistinctBy(l => l.Item1)], []).Errors;
        Assert.DoesNotContain(errors, e => e.ToString().Contains(Secret, StringComparison.Ordinal));
        return !errors.IsEmpty;
    });

    private static LoadedSettings LoadLeaves((string Path, string Value)[] leaves) => leaves[0].Path switch
    {
        ['B', 'U', 'C', ..] => Loading.Layers([], leaves, []),
        ['-', '-', ..] => Loading.Layers([], [], [.. leaves.Select(l => (l.Path[2..], l.Value))]),
        _ => Loading.File(new JsonObject(leaves.Select(l => KeyValuePair.Create(l.Path, (JsonNode?)l.Value))).ToJsonString()),
    };

    // What check-config and a start do with what was read.
    private static void IsWhole(BucketProxySettings settings)
    {
        Assert.DoesNotContain(CheckConfigCommand.Summary(settings), line => line.Any(char.IsControl));
        var written = WrittenSettings.Of(settings);
        var again = Loading.File(written);
        Assert.Empty(again.Errors.Select(e => e.ToString()));
        Assert.Equal(written, WrittenSettings.Of(again.Settings));
    }

    private static bool SaysWhere(SettingError error, string[] given)
    {
        if (error.Key is not { } key)
            return error.Source == FileName || (error.Source is null && OfAFilesContent.IsMatch(error.Problem));
        // "pins: ff84e1a1": what stands inside one text.
        var at = key.IndexOf(": ", StringComparison.Ordinal) is > 0 and var inside ? key[..inside] : key;
        if (error.Source is not null)
            return IsAt($"{error.Source}/{at}") || at.StartsWith("cluster_config", StringComparison.Ordinal);
        // It stands nowhere, and says so. Where an item is spoken of, there must be one, and it may be missing there only.
        return at.StartsWith("nodes[", StringComparison.Ordinal)
            ? new[] { FileName, "command line", "environment" }.Any(s => IsAt($"{s}/{at[..(at.IndexOf(']', StringComparison.Ordinal) + 1)]}"))
            : !IsAt($"/{at}");

        bool IsAt(string place) => given.Any(g => g.Equals(place, StringComparison.OrdinalIgnoreCase)
            || (g.StartsWith(place, StringComparison.OrdinalIgnoreCase) && (place.EndsWith('_') || g[place.Length] is '.' or '[' or '_')));
    }

    /// <summary>Each key that stands somewhere, as <c>source/key</c>: as it is spelled there, and as in a file. Without a source: where it is given.</summary>
    private static IEnumerable<string> Given(string file, Dictionary<string, string> environment, (string, string)[] flags)
    {
        var nobodys = new List<SettingError>();
        SettingsLayer?[] layers =
        [
            FileLayer.Parse(FileName, file is ['\uFEFF', ..] ? file[1..] : file, nobodys), OpenTelemetryLayer.Read(environment), EnvironmentLayer.Read(environment, nobodys),
            SettingsLoader.CommandLine(flags.Select(f => KeyValuePair.Create(f.Item1, (string?)f.Item2))),
        ];
        foreach (var layer in layers.OfType<SettingsLayer>())
        {
            foreach (var (path, _) in layer.Data.AsEnumerable())
            {
                yield return $"{layer.Name}/{layer.Spell(path)}";
                yield return $"{layer.Name}/{SettingsLayer.SpellAsFile(path)}";
                // A name with brackets or dots reads like a path, and is none.
                if (layer.Data.GetSection(path).Exists() && path.AsSpan().IndexOfAny('[', ']', '.') < 0)
                    yield return "/" + SettingsLayer.SpellAsFile(path);
            }
        }
        foreach (var name in environment.Keys)
            yield return $"environment/{name}";
    }

    private static IEnumerable<string> Secrets(SectionNode section, string prefix) => section.Children.SelectMany(child => child switch
    {
        SectionNode inner => Secrets(inner, $"{prefix}{child.Name}:"),
        { Documentation.Secret: true } => [prefix + child.Name],
        _ => [],
    });

    private static IEnumerable<T> Some<T>(Random random, Func<IEnumerable<T>> more) => random.Next(3) == 0 ? more() : [];

    private static string Pick(string[] from, Random random) => from[random.Next(from.Length)];
}
