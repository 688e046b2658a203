using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Testing;

namespace BucketProxy.Emulator.Tests.Support;

/// <summary>A storage folder, a journal and the nodes that share them; everything is gone with it.</summary>
internal sealed class NodeFixture : IAsyncDisposable
{
    private readonly List<EmulatedNode> _nodes = [];

    public const string Base = "0f000000-0000-4000-8000-000000000001";
    public const string OtherBase = "0f000000-0000-4000-8000-000000000002";
    public const string BaseOfOtherBucket = "a1000000-0000-4000-8000-000000000003";

    public NodeFixture() => Storage = Directory.CreateTempSubdirectory("bucketproxy-emulator-").FullName;

    public string Storage { get; }

    public MemoryJournal Journal { get; } = new();

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public async Task<EmulatedNode> StartAsync(string id, TimeProvider? time = null, Func<EmulatorOptions, EmulatorOptions>? with = null)
    {
        var options = new EmulatorOptions { Id = id, StorageDirectory = Storage };
        var node = new EmulatedNode(with is null ? options : with(options), time, Journal);
        _nodes.Add(node);
        await node.StartAsync();
        return node;
    }

    /// <summary>Appends a row and answers its number.</summary>
    public async Task<long> AppendAsync(EmulatedNode node, string uuid, string name)
    {
        var answer = await Http.PostAsJsonAsync(new Uri(node.Url, $"/api/v1/dtables/{uuid}/rows/"), new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["Name"] = name } });
        answer.EnsureSuccessStatusCode();
        return (long)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["_number"]!;
    }

    /// <summary>The names of a base's rows, in their order.</summary>
    public async Task<string[]> NamesAsync(EmulatedNode node, string uuid)
    {
        var answer = await Http.GetFromJsonAsync<JsonObject>(new Uri(node.Url, $"/api/v1/dtables/{uuid}/rows/"));
        return [.. answer!["rows"]!.AsArray().Select(row => (string)row!["Name"]!)];
    }

    public async Task<(int Status, JsonObject? Body)> SendAsync(EmulatedNode node, string method, string target, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Url, target));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : null);
    }

    /// <summary>Waits until a node has written such an entry.</summary>
    public Task SeenAsync(JournalEvent what) => UntilAsync(() => Journal.Entries.Any(entry => entry.Event == what));

    /// <summary>Waits until it is so, but not for ever.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, deadline.Token);
    }

    public Task FlushedAsync() => SeenAsync(JournalEvent.Flush);

    public OwnershipReport Check(OwnershipHistory? owners = null) =>
        OwnershipChecker.Check(new OwnershipCheck { Journal = Journal.Entries, StorageDirectory = Storage, Owners = owners });

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.AbortAsync();
        Http.Dispose();
        Directory.Delete(Storage, recursive: true);
    }
}
