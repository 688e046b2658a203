using System.Globalization;
using BucketProxy.EtcdTesting;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>A dtable-server stand-in in a process of its own; always at the same port.</summary>
/// <param name="id">Its node id.</param>
/// <param name="storage">What all servers share.</param>
/// <param name="directory">Where its journal goes.</param>
/// <param name="etcd">Where it registers and what it follows; null: it follows nothing, and logs its operations as SeaTable's servers do.</param>
/// <param name="options">How it saves.</param>
internal sealed class NodeProcess(string id, string storage, string directory, string? etcd, SystemTestOptions options) : RestartableProcess(id)
{
    private readonly int _port = FreePort.Next();

    public string Journal => Path.Combine(directory, Name + ".jsonl");

    public string Authority => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    protected override string ReadyLine => Name + " listens on";

    protected override string[] Arguments() =>
    [
        "emulator", "--id", Name, "--port", _port.ToString(CultureInfo.InvariantCulture), "--storage", storage, "--journal", Journal,
        "--flush-seconds", options.FlushInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. etcd is null ? ["--operation-log"] : Cluster(etcd),
    ];

    private string[] Cluster(string hosts) => ["--etcd", hosts, .. options.HandOff ? Array.Empty<string>() : ["--keep-what-is-lost"]];
}
