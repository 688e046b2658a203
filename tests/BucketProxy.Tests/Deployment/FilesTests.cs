using System.Text.Json;
using System.Text.RegularExpressions;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;

namespace BucketProxy.Tests.Deployment;

public sealed partial class FilesTests
{
    private static readonly string[] Dockerfile = File.ReadAllLines(Repository.File("Dockerfile"));

    [Fact]
    public void Dockerfile_EverythingItCopies_IsThere()
    {
        var copied = Dockerfile.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal))
            .SelectMany(l => l.Split(' ')[1..^1]).ToArray();
        Assert.NotEmpty(copied);
        Assert.All(copied, path => Assert.True(Path.Exists(Repository.File(path)), path));
    }

    [Fact]
    public void Dockerfile_EveryBuildFileOfTheRepository_IsCopied()
    {
        // One that is missing changes what is built, or breaks it, in the image alone.
        var copied = string.Join('\n', Dockerfile);
        var needed = Directory.EnumerateFiles(Repository.Root).Select(Path.GetFileName)
            .Where(n => n is "global.json" or "BannedSymbols.txt" or ".editorconfig" || n!.StartsWith("Directory.", StringComparison.Ordinal));
        Assert.All(needed, name => Assert.Contains(name!, copied, StringComparison.Ordinal));
    }

    [Fact]
    public void Dockerfile_CommandAndHealthCheck_AreCommandsOfOurs()
    {
        var root = CommandLine.Create(CommandEnvironment.OfProcess());
        var entry = Words("ENTRYPOINT");
        var health = Words("HEALTHCHECK");
        Assert.Equal("/app/bucketproxy", Assert.Single(entry));
        Assert.Equal(entry[0], health[0]);
        Assert.Empty(root.Parse(health[1..]).Errors);
        Assert.Empty(root.Parse(Words("CMD")).Errors);
        Assert.Contains(Dockerfile, l => l.StartsWith("USER ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bucketproxy.service")]
    [InlineData("bucketproxy-gate.service")]
    public async Task Unit_WhatItStarts_IsACommandOfOurs_ThatAcceptsTheSampleItNames(string file)
    {
        var unit = await File.ReadAllTextAsync(Repository.File("config", file));
        var start = ExecStart().Match(unit).Groups[1].Value.Split(' ');
        Assert.Empty(CommandLine.Create(CommandEnvironment.OfProcess()).Parse(start).Errors);
        var sample = SampleFile().Match(unit).Groups[1].Value;
        Assert.Equal(ExitCode.Done, (await Commands.CommandRun.Of("check-config", Repository.File(sample.Split('/')))).ExitCode);
        // The program says when it is ready, and a store that is away must not look like a start that hangs.
        Assert.Contains("Type=notify\n", unit, StringComparison.Ordinal);
        Assert.Contains("TimeoutStartSec=infinity\n", unit, StringComparison.Ordinal);
        // What a restart does not mend is not restarted.
        Assert.Contains($"RestartPreventExitStatus={ExitCode.Usage} {ExitCode.BadSettings}", unit, StringComparison.Ordinal);
    }

    // What a gate promises rests on it: without the gate no server, and at once.
    [Fact]
    public async Task GateUnit_KillsWhatTheGateLeaves_AndStartsItAgain()
    {
        var lines = await File.ReadAllLinesAsync(Repository.File("config", "bucketproxy-gate.service"));
        Assert.All(["KillMode=mixed", "SendSIGKILL=yes", "Restart=always", "WatchdogSec=30s"], line => Assert.Contains(line, lines));
    }

    [Fact]
    public void GateDockerfile_IsTheOtherOnesBuild_WithItsRuntimeAndAsTheFirstProcess()
    {
        var gate = File.ReadAllLines(Repository.File("config", "gate.Dockerfile"));
        Assert.Equal(Dockerfile.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal)),
            gate.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal)));
        Assert.Contains(gate, l => l.Contains("--self-contained true -o /app", StringComparison.Ordinal));
        Assert.Contains("COPY --from=build /app /opt/bucketproxy", gate);
        Assert.Contains("""ENTRYPOINT ["/opt/bucketproxy/bucketproxy"]""", gate);
        Assert.DoesNotContain(gate, l => l.StartsWith("USER ", StringComparison.Ordinal)); // The server writes as SeaTable's own does.
        var root = CommandLine.Create(CommandEnvironment.OfProcess());
        Assert.Empty(root.Parse(["serve"]).Errors);
    }

    // Without it, memory goes by the processor's cache; docs/performance.md has the figures.
    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("config", "gate.Dockerfile")]
    [InlineData("config", "bucketproxy.service")]
    [InlineData("config", "bucketproxy-gate.service")]
    public async Task Deployed_Everywhere_WithTheSameFirstGeneration(params string[] file) =>
        Assert.Single(await File.ReadAllLinesAsync(Repository.File(file)), l => l.EndsWith("DOTNET_GCgen0size=0x1000000", StringComparison.Ordinal));

    private static string[] Words(string instruction)
    {
        var line = Dockerfile.Single(l => l.StartsWith(instruction + " ", StringComparison.Ordinal));
        return JsonSerializer.Deserialize<string[]>(line[line.IndexOf('[', StringComparison.Ordinal)..])!;
    }

    [GeneratedRegex("(?m)^ExecStart=/opt/bucketproxy/bucketproxy (.*)$")]
    private static partial Regex ExecStart();

    [GeneratedRegex(@"(config/[a-z-]+\.json) /etc/bucketproxy")]
    private static partial Regex SampleFile();
}
