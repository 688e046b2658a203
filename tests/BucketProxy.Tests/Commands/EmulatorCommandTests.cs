using System.Text;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;
using BucketProxy.Tests.Hosting;

namespace BucketProxy.Tests.Commands;

public sealed class EmulatorCommandTests : IDisposable
{
    private readonly DirectoryInfo _storage = Directory.CreateTempSubdirectory("bucketproxy-emulator-");

    public void Dispose() => _storage.Delete(recursive: true);

    [Fact]
    public async Task Emulator_ToldToStop_HasServedAndSavesWhatItHeld()
    {
        using var stop = new CancellationTokenSource();
        await using var output = new LineWriter();
        var environment = new CommandEnvironment
        {
            Output = CommandRun.PlainConsole(output),
            Error = TextWriter.Null,
            Variables = new Dictionary<string, string>(),
        };
        var running = CommandLine.RunAsync(["emulator", "--id", "dtable-server-07", "--storage", _storage.FullName, "--flush-seconds", "3600"], environment, stop.Token);
        var url = (await output.NextLineAsync()).Split(' ')[3].TrimEnd(',', '/');

        const string id = "0123abcd-0000-4000-8000-000000000001";
        using var client = new HttpClient();
        using var rows = new StringContent("""{"table_name":"Table1","rows":[{"Name":"x"}]}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri($"{url}/api/v1/dtables/{id}/batch-append-rows/"), rows);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        Assert.DoesNotContain(_storage.GetFiles("*", SearchOption.AllDirectories), f => f.Name.Contains(id, StringComparison.Ordinal));

        await stop.CancelAsync();
        Assert.Equal(ExitCode.Done, await running);
        Assert.Contains(_storage.GetFiles("*", SearchOption.AllDirectories), f => f.Name.Contains(id, StringComparison.Ordinal));
    }

    // As a gate's server: a process of its own that gets SIGTERM.
    [Fact]
    public async Task Emulator_AsAChild_SavesOnSigtermAndEndsWithZero()
    {
        await using var node = ChildProcess.StartBucketProxy("emulator", "emulator", "--id", "dtable-server-07", "--storage", _storage.FullName, "--flush-seconds", "3600");
        var file = await AppendAsync(await UrlAsync(node));
        Assert.False(File.Exists(file));

        await node.TerminateAsync();

        Assert.Equal(ExitCode.Done, node.ExitCode);
        Assert.Contains("\"x\"", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emulator_AsAZombie_OverwritesWhatOthersSavedAfterSigterm()
    {
        await using var node = ChildProcess.StartBucketProxy("zombie", "emulator", "--id", "dtable-server-07", "--storage", _storage.FullName, "--flush-seconds", "0.1", "--zombie");
        var file = await AppendAsync(await UrlAsync(node));
        await Patience.UntilAsync(() => File.Exists(file), "the base is saved");

        await node.SignalAsync("TERM");
        await node.LineAsync("dtable-server-07 was told to stop");
        await File.WriteAllTextAsync(file, "what the new owner saved");

        await Patience.UntilAsync(() => File.ReadAllText(file).Contains("\"x\"", StringComparison.Ordinal), "the zombie has overwritten it");
        Assert.False(node.HasExited);
    }

    private static async Task<string> UrlAsync(ChildProcess node) => (await node.LineAsync("dtable-server-07 listens on ")).Split(' ')[0].TrimEnd(',', '/');

    // Answers the file that the base is saved in.
    private async Task<string> AppendAsync(string url)
    {
        const string id = "0123abcd-0000-4000-8000-000000000001";
        using var client = new HttpClient();
        using var rows = new StringContent("""{"table_name":"Table1","rows":[{"Name":"x"}]}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri($"{url}/api/v1/dtables/{id}/batch-append-rows/"), rows);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return Path.Combine(_storage.FullName, $"{id}.json");
    }

    [Fact]
    public async Task Emulator_WrongOption_SaysWhatIsAllowed()
    {
        var run = await CommandRun.Of("emulator", "--id", "a b", "--storage", _storage.FullName);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Id: 'a b' is not allowed", run.Error, StringComparison.Ordinal);
    }
}
