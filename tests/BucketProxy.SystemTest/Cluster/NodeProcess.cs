using System.Globalization;
using BucketProxy.EtcdTesting;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>A dtable-server stand-in in a process of its own; always at the same port.</summary>
internal sealed class NodeProcess(string id, string storage, string directory, string etcd, SystemTestOptions options) : RestartableProcess(id)
{
    private readonly int _port = FreePort.Next();

    public string Journal => Path.Combine(directory, Name + ".jsonl");

    protected override string ReadyLine => Name + " listens on";

    protected override string[] Arguments() =>
    [
        "emulator", "--id", Name, "--port", _port.ToString(CultureInfo.InvariantCulture), "--storage", storage, "--journal", Journal,
        "--flush-seconds", options.FlushInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--etcd", etcd,
        .. options.HandOff ? Array.Empty<string>() : ["--keep-what-is-lost"],
    ];
}
