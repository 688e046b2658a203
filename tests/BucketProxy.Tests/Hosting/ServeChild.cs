using System.Net;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Hosting;

/// <summary>A real <c>serve</c>, and what its operators' port says.</summary>
internal sealed class ServeChild(ChildProcess process, string folder) : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public ChildProcess Process => process;

    public string AdminUrl { get; private set; } = "";

    /// <summary>Starts one with its data in a folder, and waits until its operators' port is open.</summary>
    public static async Task<ServeChild> StartAsync(TemporaryDirectory folder, string settings, string name = "serve")
    {
        var file = folder.Combine($"{name}.json");
        await File.WriteAllTextAsync(file, settings);
        var child = new ServeChild(ChildProcess.StartBucketProxy(name, "serve", "--config", file, "--set", $"dataDirectory={folder.Combine(name)}"), folder.Path);
        child.AdminUrl = await child.Process.LineAsync("operators' port: ");
        return child;
    }

    /// <summary>An answer of the operators' port, whatever its status is.</summary>
    public async Task<(HttpStatusCode Status, T Body)> AskAsync<T>(string path)
    {
        using var answer = await Http.GetAsync(new Uri(AdminUrl + path));
        return (answer.StatusCode, JsonSerializer.Deserialize<T>(await answer.Content.ReadAsStringAsync(), AdminJson.Options)!);
    }

    /// <summary>The page of figures.</summary>
    public Task<string> FiguresAsync() => Http.GetStringAsync(new Uri(AdminUrl + "/metrics"));

    /// <summary>Waits until the operators' port says so.</summary>
    public async Task<(HttpStatusCode Status, T Body)> UntilAsync<T>(string path, Func<HttpStatusCode, T, bool> isSo)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (true)
        {
            var answer = await AskAsync<T>(path);
            if (isSo(answer.Status, answer.Body))
                return answer;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"{path} of {process.Name} in {folder} still says {answer}; it wrote: {process.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
