using System.Text;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
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

    [Fact]
    public async Task Emulator_WrongOption_SaysWhatIsAllowed()
    {
        var run = await CommandRun.Of("emulator", "--id", "a b", "--storage", _storage.FullName);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Id: 'a b' is not allowed", run.Error, StringComparison.Ordinal);
    }
}
