using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Composition;

/// <summary>A gate in a process of its own, as an operator runs it.</summary>
public sealed class ServedGateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("bucketproxy-gate-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>A token of the operators' port is nothing to the server, nor to what it starts.</summary>
    [Fact]
    public async Task Serve_Gate_TheServerGetsTheEnvironmentButNotTheGatesSettings()
    {
        var seen = Path.Combine(_directory, "environment");
        await using var gate = ChildProcess.Start("gate",
        [
            "env", "BUCKETPROXY_ADMIN__TOKEN=a-token-of-some-length-indeed", "SAVE_INTERVAL=300000",
            "dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), "serve", "--roles", "monitor,gate", "--store", "embedded",
            "--data-directory", Path.Combine(_directory, "data"), "--admin-listen", "127.0.0.1:0",
            "--set", "gate.node=dtable-server-01", "--set", "gate.listen=127.0.0.1:0", "--set", "gate.advertise=http://127.0.0.1:5551",
            "--set", $"gate.command=sh,-c,env > {seen}.part; mv {seen}.part {seen}; exec sleep 1000",
        ]);

        await Patience.UntilAsync(() => File.Exists(seen) || gate.HasExited, "the server was started");

        Assert.True(File.Exists(seen), gate.Output);
        var variables = await File.ReadAllLinesAsync(seen);
        Assert.Contains("SAVE_INTERVAL=300000", variables);
        Assert.DoesNotContain(variables, line => line.StartsWith("BUCKETPROXY_", StringComparison.Ordinal));
    }
}
