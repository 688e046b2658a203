using System.Globalization;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.GateBench.Requests;

/// <summary>A gate before a server that somebody else runs: what it uses is its own, and not its server's.</summary>
internal sealed class PlainGate(string node, string settings, string directory, string server) : RestartableProcess(node)
{
    private readonly int _adminPort = FreePort.Next();

    public int Port { get; } = FreePort.Next();

    protected override string ReadyLine => "instance ";

    protected override string[] Arguments() =>
    [
        "serve", "--config", settings, "--roles", "gate", "--data-directory", Path.Combine(directory, Name),
        "--admin-listen", Local(_adminPort), "--set", "instance=" + Name, "--set", "gate.node=" + Name,
        "--set", "gate.listen=" + Local(Port), "--set", "gate.advertise=http://" + Local(Port), "--set", "gate.server=http://" + server,
    ];

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
