using BucketProxy.Emulator;
using BucketProxy.Emulator.Nodes;

namespace BucketProxy.Demo;

/// <summary>The emulated dtable-servers in this process; they share one storage with the one behind the gate.</summary>
/// <param name="ids">Their ids.</param>
/// <param name="directory">Where the storage is made.</param>
/// <param name="journal">Where they write down what they do.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoNodes(IReadOnlyList<string> ids, string directory, JudgedJournal journal, TimeProvider time) : IAsyncDisposable
{
    private readonly EmulatedNode?[] _nodes = new EmulatedNode?[ids.Count];
    private readonly EmulatorOptions[] _options = new EmulatorOptions[ids.Count];

    /// <summary>The storage that all nodes share.</summary>
    public string Storage { get; } = Path.Combine(directory, "storage");

    /// <summary>Ids and addresses.</summary>
    public IReadOnlyList<(string Id, Uri Url)> Addresses => [.. _options.Select(o => (o.Id, new Uri($"http://127.0.0.1:{o.Port}")))];

    /// <summary>Starts all of them.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _nodes.Length; i++)
        {
            // The real flush time: what a move does not save, the demonstration must find lost.
            // The operation log is one for all servers: what one logged before it died, the next owner does again.
            _options[i] = new EmulatorOptions { Id = ids[i], StorageDirectory = Storage, LogsOperations = true };
            await StartAsync(i, cancellationToken);
            _options[i] = _options[i] with { Port = _nodes[i]!.Url.Port };
        }
    }

    /// <summary>Starts one, again where it was.</summary>
    public async Task StartAsync(int index, CancellationToken cancellationToken)
    {
        var node = new EmulatedNode(_options[index], time, journal);
        await node.StartAsync(cancellationToken);
        _nodes[index] = node;
    }

    /// <summary>Stops one as SIGTERM does: it saves what it holds.</summary>
    public async Task StopAsync(int index)
    {
        if (Interlocked.Exchange(ref _nodes[index], null) is { } node)
            await node.DisposeAsync();
    }

    /// <summary>What each node counts: bases in memory, open sockets, operations. Null: it is stopped.</summary>
    public IReadOnlyList<(int Bases, int Sockets, long Operations)?> Load =>
        [.. _nodes.Select(n => n is null ? ((int, int, long)?)null : (n.LoadedBases.Count, n.OpenSockets, n.Operations))];

    /// <summary>Stops all.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < _nodes.Length; i++)
            await StopAsync(i);
    }
}
