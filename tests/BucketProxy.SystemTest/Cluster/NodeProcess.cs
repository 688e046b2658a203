using System.Globalization;
using BucketProxy.EtcdTesting;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>A dtable-server stand-in in a process of its own; always at the same port.</summary>
/// <param name="id">Its node id.</param>
/// <param name="storage">The storage that all nodes share.</param>
/// <param name="directory">Where its journal goes.</param>
/// <param name="etcd">The etcd that it follows; null: it follows nothing and nobody knows of it, as SeaTable's servers without etcd.</param>
/// <param name="options">How often it saves, and whether it gives up what it loses.</param>
/// <param name="more">Further arguments.</param>
internal sealed class NodeProcess(string id, string storage, string directory, string? etcd, SystemTestOptions options, params string[] more) : RestartableProcess(id)
{
    private readonly int _port = FreePort.Next();

    public string Authority => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public string Journal => Path.Combine(directory, Name + ".jsonl");

    protected override string ReadyLine => Name + " listens on";

    protected override string[] Arguments() =>
    [
        "emulator", "--id", Name, "--port", _port.ToString(CultureInfo.InvariantCulture), "--storage", storage, "--journal", Journal,
        "--flush-seconds", options.FlushInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        .. etcd is null ? Array.Empty<string>() : ["--etcd", etcd],
        .. options.HandOff || etcd is null ? Array.Empty<string>() : ["--keep-what-is-lost"],
        .. more,
    ];
}
