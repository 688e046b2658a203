using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Tests.Executing;

public sealed class RestartCommandTests
{
    [Fact]
    public async Task RunAsync_EndsWithZero_Succeeds() => Assert.Null(await RunAsync(30, "true"));

    [Fact]
    public async Task RunAsync_EndsOtherwise_SaysWhatItSaid()
    {
        var failure = await RunAsync(30, "sh", "-c", "echo no such unit >&2; exit 5");
        Assert.Contains("ended with 5", failure, StringComparison.Ordinal);
        Assert.Contains("no such unit", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TakesTooLong_IsKilled()
    {
        var mark = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var failure = await RunAsync(0.3, "sh", "-c", $"sleep 600; touch {mark}");
        Assert.Contains("took longer", failure, StringComparison.Ordinal);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public async Task RunAsync_NoSuchProgram_SaysSo() =>
        Assert.Contains("cannot be started", await RunAsync(30, "/nonexistent/restart"), StringComparison.Ordinal);

    [Fact]
    public async Task RunAsync_Arguments_AreNotReadByAShell()
    {
        var failure = await RunAsync(30, "sh", "-c", "[ \"$1\" = 'a;exit 7 $(b)' ]", "sh", "a;exit 7 $(b)");
        Assert.Null(failure);
    }

    private static Task<string?> RunAsync(double seconds, params string[] command) => RestartCommand.RunAsync(
        new RunRestartAction("dtable-server-a", [.. command], TimeSpan.FromSeconds(seconds)), TimeProvider.System, default);
}
