using System.Net;

namespace BucketProxy.Emulator;

/// <summary>What one emulated dtable-server is and where it keeps its bases.</summary>
public sealed record EmulatorOptions
{
    /// <summary>The node id, as it stands in <c>assign-xx</c>; in an etcd cluster it begins with <c>dtable-server-</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The folder all nodes share; one file per base. Created when missing.</summary>
    public required string StorageDirectory { get; init; }

    /// <summary>The address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port to listen on, 0 to 65535; 0 takes any free one (see <see cref="Nodes.EmulatedNode.Url"/>).</summary>
    public int Port { get; init; }

    /// <summary>A path that all routes stand under, such as <c>/server</c>; empty for none. It becomes part of <see cref="Nodes.EmulatedNode.Url"/>.</summary>
    public string PathBase { get; init; } = "";

    /// <summary>
    /// How often changed bases are saved. dtable-server's own value is 5 minutes. Shorter loses less in a crash and writes more;
    /// an hour or more makes a test that needs the hand-off to save fail for certain when the hand-off does not.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Each flush saves every base in memory, also one that did not change. A node that no longer owns a base overwrites what its new owner saved,
    /// again and again: the damage that a server does which should be dead.</summary>
    public bool SavesUnchanged { get; init; }

    /// <summary>A base nobody asked for during this time is saved and unloaded at the next flush. dtable-server's own value is 24 hours.</summary>
    public TimeSpan UnloadIdleAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long <see cref="Nodes.EmulatedNode.StopAsync"/> lets running requests finish before it cuts them.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A JSON-lines file that every load, serve, flush, unload and append is added to; none when null.</summary>
    public string? JournalPath { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names the key, the value and what is allowed.</exception>
    public void Validate()
    {
        Require(Id.Length > 0 && !Id.Any(c => char.IsWhiteSpace(c) || c == '/'), nameof(Id), Id, "a name without spaces and slashes");
        Require(StorageDirectory.Length > 0, nameof(StorageDirectory), StorageDirectory, "a folder");
        Require(Port is >= 0 and <= 65535, nameof(Port), Port, "0 to 65535");
        Require(PathBase.Length == 0 || (PathBase.StartsWith('/') && !PathBase.EndsWith('/')), nameof(PathBase), PathBase, "empty, or begin with a slash and not end in one");
        Require(FlushInterval > TimeSpan.Zero, nameof(FlushInterval), FlushInterval, "more than zero");
        Require(UnloadIdleAfter > TimeSpan.Zero, nameof(UnloadIdleAfter), UnloadIdleAfter, "more than zero");
        Require(StopTimeout >= TimeSpan.Zero, nameof(StopTimeout), StopTimeout, "zero or more");
    }

    private static void Require(bool condition, string key, object value, string allowed)
    {
        if (!condition)
            throw new ArgumentException($"{key}: '{value}' is not allowed; it must be {allowed}.", key);
    }
}
