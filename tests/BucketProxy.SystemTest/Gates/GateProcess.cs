using System.Globalization;
using System.Text.RegularExpressions;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Gates;

/// <summary>A gate in a process of its own, with a dtable-server stand-in behind it; always at the same ports. Its wire to etcd can be held up.</summary>
internal sealed partial class GateProcess(string id, string settings, string storage, string directory, int etcdPort, GateTerms terms) : RestartableProcess(id)
{
    private readonly int _port = FreePort.Next();
    private readonly int _adminPort = FreePort.Next();
    private readonly int _serverPort = FreePort.Next();

    /// <summary>Between this gate and etcd.</summary>
    public TcpRelay Wire { get; } = new(etcdPort);

    public string Journal => Path.Combine(directory, Name + ".jsonl");

    /// <summary>Where proxies and browsers reach it.</summary>
    public string Authority => Local(_port);

    /// <summary>The server and its fuse, as the gate last said; null: it has not said so yet.</summary>
    public (int Server, int Fuse)? Processes => Runs().LastOrDefault();

    /// <summary>Every server and fuse that it started.</summary>
    public IEnumerable<(int Server, int Fuse)?> Runs() => RunsLine().Matches(Output).Select(m => ((int Server, int Fuse)?)
        (int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)));

    protected override string ReadyLine => "instance ";

    protected override string[] Arguments() =>
    [
        "serve", "--config", settings, "--roles", "gate", "--data-directory", Path.Combine(directory, Name),
        "--admin-listen", Local(_adminPort),
        "--set", $"instance={Name}",
        "--set", "etcd.endpoints=" + Local(Wire.Port),
        "--set", "gate.node=" + Name,
        "--set", "gate.listen=" + Local(_port),
        "--set", "gate.advertise=http://" + Local(_port),
        "--set", "gate.server=http://" + Local(_serverPort),
        .. terms.Settings.SelectMany(setting => new[] { "--set", "gate." + setting }),
        "--set", "gate.command=" + string.Join(',', Server()),
    ];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Wire.DisposeAsync();
    }

    private string[] Server() =>
    [
        "dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), "emulator", "--id", Name,
        "--port", _serverPort.ToString(CultureInfo.InvariantCulture), "--storage", storage, "--journal", Journal,
        "--flush-seconds", "2", "--operation-log", .. terms.IsZombie ? ["--zombie"] : Array.Empty<string>(),
    ];

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    [GeneratedRegex(@"runs as process (\d+), below fuse (\d+)")]
    private static partial Regex RunsLine();
}
