using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Simulation;

/// <summary>Whoever may hold bases in memory: a server that stands by itself, or a run of one behind a gate.</summary>
internal interface IHolder
{
    /// <summary>The node.</summary>
    string Id { get; }

    /// <summary>The node's number.</summary>
    int Index { get; }

    /// <summary>Which of its node's runs it is.</summary>
    int Run { get; }

    ServerMemory Memory { get; }

    bool Holds(BaseId id);
}

/// <summary>What a server process has in memory, and what it works on. Immutable.</summary>
internal sealed record ServerMemory
{
    public static ServerMemory Empty { get; } = new();

    /// <summary>The bases that it loaded, each with its rows.</summary>
    public ImmutableDictionary<BaseId, ImmutableList<int>> Loaded { get; private init; } = ImmutableDictionary<BaseId, ImmutableList<int>>.Empty;

    /// <summary>Requests that it works on.</summary>
    public ImmutableList<(BaseId Base, int Number)> Running { get; private init; } = [];

    public bool IsWorkingOn(BaseId id) => Running.Any(r => r.Base == id);

    public bool Has(BaseId id) => Loaded.ContainsKey(id) || IsWorkingOn(id);

    /// <summary>A request begins; its base is loaded with what the storage has, unless it is there.</summary>
    public ServerMemory Begin(BaseId id, int number, ImmutableList<int> stored) => this with
    {
        Loaded = Loaded.ContainsKey(id) ? Loaded : Loaded.Add(id, stored),
        Running = Running.Add((id, number)),
    };

    /// <summary>A request ends: its row is written.</summary>
    public ServerMemory Finish(BaseId id, int number, ImmutableList<int> stored) => this with
    {
        Loaded = Loaded.SetItem(id, (Loaded.GetValueOrDefault(id) ?? stored).Add(number)),
        Running = Running.Remove((id, number)),
    };

    /// <summary>The connection of a request is closed.</summary>
    public ServerMemory Abort(BaseId id, int number) => this with { Running = Running.Remove((id, number)) };

    public ServerMemory Unload(BaseId id) => this with { Loaded = Loaded.Remove(id) };

    public string Describe() => $"mem {string.Join(',', Loaded.OrderBy(m => m.Key).Select(m => $"{m.Key}={m.Value.Count}"))} run {string.Join(',', Running)}";
}
