using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Emulator;
using BucketProxy.Emulator.Nodes;
using BucketProxy.EtcdTesting;
using BucketProxy.Tests.Commands;
using BucketProxy.Tests.Hosting;

namespace BucketProxy.Tests.Composition;

/// <summary><c>serve</c> with both roles on the embedded store, in this process, in front of emulated nodes that release when they are called.</summary>
internal sealed class ServedInstance : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bucketproxy-serve-");
    private readonly List<EmulatedNode> _nodes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly LineWriter _output = new();
    private EmulatedNode? _late;
    private Task<int> _running = Task.FromResult(0);

    public string AdminUrl { get; private set; } = "";

    public string DataUrl { get; private set; } = "";

    /// <summary>Starts it.</summary>
    /// <param name="nodes">How many emulated nodes stand behind it.</param>
    /// <param name="more">Further sections of the settings.</param>
    /// <param name="joins">One more is configured, and does not run before <see cref="JoinAsync"/>.</param>
    public static async Task<ServedInstance> StartAsync(int nodes, IReadOnlyDictionary<string, object>? more = null, bool joins = false)
    {
        var served = new ServedInstance();
        for (var i = 1; i <= nodes; i++)
        {
            var node = served.Node(i, 0);
            served._nodes.Add(node);
            await node.StartAsync();
        }
        var configured = served._nodes.Select(n => new { id = n.Id, local_node_url = n.Url.AbsoluteUri, release = "call" }).ToList();
        if (joins)
        {
            var port = FreePort.Next();
            served._late = served.Node(nodes + 1, port);
            configured.Add(new { id = served._late.Id, local_node_url = $"http://127.0.0.1:{port}/", release = "call" });
        }
        var file = Path.Combine(served._folder.FullName, "config.json");
        var settings = new Dictionary<string, object>(more ?? new Dictionary<string, object>())
        {
            ["store"] = "embedded",
            ["dataDirectory"] = Path.Combine(served._folder.FullName, "data"),
            ["data"] = new { listen = "127.0.0.1:0", drainGrace = "0s" },
            ["admin"] = new { listen = "127.0.0.1:0" },
            ["monitor"] = new { minNodes = nodes, pingInterval = "100ms" },
            ["nodes"] = configured,
        };
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings));
        var environment = new CommandEnvironment
        {
            Output = CommandEnvironment.Plain(served._output),
            Error = TextWriter.Null,
            Variables = new Dictionary<string, string>(),
        };
        served._running = CommandLine.RunAsync(["serve", "--config", file], environment, served._stop.Token);
        served.DataUrl = (await served.NextLineAsync())["data port: ".Length..];
        served.AdminUrl = (await served.NextLineAsync())["operators' port: ".Length..];
        await served.UntilAsync(change => change.Buckets.All(b => b.State == "open"));
        return served;
    }

    // As JSON where the log is.
    private async Task<string> NextLineAsync() => await _output.NextLineAsync() is var line && line.StartsWith('{')
        ? JsonDocument.Parse(line).RootElement.GetProperty("Message").GetString()!
        : line;

    /// <summary>The node that was configured and did not run starts now, and is registered by the time this completes.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> JoinAsync()
    {
        var node = _late!;
        _nodes.Add(node);
        await node.StartAsync();
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while ((await GetAsync<NodeReport[]>("/api/nodes")).SingleOrDefault(n => n.Id == node.Id)?.Standing != "live")
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        return node.Id;
    }

    /// <summary>What the operators' port says.</summary>
    public async Task<T> GetAsync<T>(string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri(AdminUrl) };
        return JsonSerializer.Deserialize<T>(await client.GetStringAsync(new Uri(path, UriKind.Relative)), AdminJson.Options)!;
    }

    private EmulatedNode Node(int number, int port) =>
        new(new EmulatorOptions { Id = $"dtable-server-{number:00}", Port = port, StorageDirectory = Path.Combine(_folder.FullName, "bases") });

    /// <summary>Runs a client command against it.</summary>
    public Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.Of([("BUCKETPROXY_URL", AdminUrl)], arguments);

    /// <summary>Completes once the cluster is so.</summary>
    public async Task UntilAsync(Func<ChangeEvent, bool> isSo)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var client = new HttpClient { BaseAddress = new Uri(AdminUrl) };
        await using var stream = await client.GetStreamAsync(new Uri("/api/watch", UriKind.Relative), patience.Token);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal) && isSo(JsonSerializer.Deserialize<ChangeEvent>(line["data: ".Length..], AdminJson.Options)!))
                return;
        }
        throw new EndOfStreamException("The watch ended.");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Assert.Equal(ExitCode.Done, await _running);
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _stop.Dispose();
        await _output.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
